import { parseAddress } from './trusted-proxies.ts'

/**
 * The multiaddr of a gateway at the root of a URL: `/dns/example.com/tcp/443/tls/http`.
 *
 * @param url - `http://` or `https://`, with a host and perhaps a port
 */
export function gatewayAddress (url: string): string {
  const { protocol, hostname, port } = new URL(url)
  const secure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const name = { 4: 'ip4', 16: 'ip6' }[parseAddress(host)?.length ?? 0] ?? 'dns'

  return `/${name}/${host}/tcp/${port === '' ? (secure ? 443 : 80) : port}${secure ? '/tls' : ''}/http`
}
