import { isIP } from 'node:net'

/**
 * The multiaddr by which a gateway is found that is at the root of a URL: `/dns/example.com/tcp/443/tls/http`.
 *
 * @param url - `http://` or `https://`, with a host and perhaps a port
 */
export function gatewayAddress (url: string): string {
  const { secure, host, port } = partsOf(url)
  const name = { 0: 'dns', 4: 'ip4', 6: 'ip6' }[isIP(host)] ?? 'dns'

  return `/${name}/${host}/tcp/${port}${secure ? '/tls' : ''}/http`
}

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
