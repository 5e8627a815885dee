import { ipNetwork } from '../ip-network.ts'
import { createTrustedProxies, parseAddress } from './trusted-proxies.ts'

/** What the server knows of a request besides the request. */
export interface RequestInfo {
  /** The IP address at the other end of the connection. Workers know it as the header `CF-Connecting-IP`. */
  readonly remoteAddress?: string
}

/** Names the client that a request comes from: its IPv4 address, or the /64 of its IPv6 address, of which it may have all. */
export type ClientNames = (request: Pick<Request, 'headers'>, info?: RequestInfo) => string

/** All whose address is not known are one client. */
const UNKNOWN = 'unknown'

/**
 * @param trusted - proxies in front, as addresses or networks (`10.0.0.0/8`)
 * @throws {InvalidOptionError} for what is neither
 */
export function clientNames (trusted: readonly string[] = []): ClientNames {
  const proxies = createTrustedProxies(trusted)

  return ({ headers }, info) => {
    return networkOf(proxies.clientAddress(info?.remoteAddress, headers.get('x-forwarded-for')))
  }
}

/** What one client can hardly have two of: an IPv4 address, or the /64 of an IPv6 address, of which it may have all. */
export function networkOf (address: string): string {
  const bytes = parseAddress(address)

  return bytes == null ? UNKNOWN : ipNetwork(bytes)
}
