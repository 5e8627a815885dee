/** Whether a URL has a host that others can connect to, and not that of all interfaces. */
export function isReachable (url: string): boolean {
  return !['0.0.0.0', '[::]'].includes(new URL(url).hostname)
}

/** The parts of a server's URL, with the default port if it names none. */
export function partsOf (url: string): { secure: boolean, host: string, port: number } {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'

  return { secure, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port) }
}
