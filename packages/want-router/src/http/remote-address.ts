import { ipNetwork } from '../ip-network.ts'
import { createTrustedProxies, parseAddress } from './trusted-proxies.ts'

/** What the server knows about a request besides the request itself. */
export interface RequestInfo {
  /** The IP address at the other end of the connection. In a Worker it is the header `CF-Connecting-IP`. */
  readonly remoteAddress?: string
}

/** Returns the name of the client that sent a request, see {@link networkOf}. */
export type ClientNames = (request: Pick<Request, 'headers'>, info?: RequestInfo) => string

/** The name of all clients whose address is unknown. */
const UNKNOWN = 'unknown'

/**
 * @param trusted - reverse proxies, as addresses or networks (`10.0.0.0/8`)
 * @throws {InvalidOptionError} for one that is neither
 */
export function clientNames (trusted: readonly string[] = []): ClientNames {
  const proxies = createTrustedProxies(trusted)

  return ({ headers }, info) => {
    return networkOf(proxies.clientAddress(info?.remoteAddress, headers.get('x-forwarded-for')))
  }
}

/**
 * The network that stands for one client: an IPv4 address, or the /64 of an IPv6 address, since one client
 * may use all addresses of a /64.
 */
export function networkOf (address: string): string {
  const bytes = parseAddress(address)

  return bytes == null ? UNKNOWN : ipNetwork(bytes)
}
