/** Whether a URL has a host that others can connect to, and not that of all interfaces. */
export function isReachable (url: string): boolean {
  return !['0.0.0.0', '[::]'].includes(new URL(url).hostname)
}

/** What a URL of a server says, with the port that it leaves out. */
export function partsOf (url: string): { secure: boolean, host: string, port: number } {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'

  return { secure, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port) }
}
