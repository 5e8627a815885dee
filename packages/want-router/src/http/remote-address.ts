import { parseIP } from '@chainsafe/is-ip/parse'
import { IpNet } from '@chainsafe/netmask'
import { InvalidOptionError } from '../errors.ts'

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
 * @param trusted - proxies in front, as addresses or networks (`10.0.0.0/8`): the header `X-Forwarded-For` is read from
 * its end as far as they go, and the first address that is none of them is the client's
 * @throws {InvalidOptionError} for what is neither
 */
export function clientNames (trusted: readonly string[] = []): ClientNames {
  const proxies = trusted.map(parseNetwork)
  const isProxy = (address: Uint8Array): boolean => proxies.some(proxy => proxy.contains(address))

  return ({ headers }, info) => {
    let address = parseAddress(info?.remoteAddress)

    if (address != null && isProxy(address)) {
      const hops = headers.get('x-forwarded-for')?.split(',') ?? []

      while (address != null && isProxy(address) && hops.length > 0) {
        address = parseAddress(hops.pop()?.trim())
      }
    }

    return address == null ? UNKNOWN : nameOf(address)
  }
}

function parseNetwork (network: string): IpNet {
  try {
    const address = parseAddress(network)
    return address == null ? new IpNet(network) : new IpNet(network, address.length * 8)
  } catch {
    throw new InvalidOptionError(`trustedProxies: "${network}" is neither an IP address nor a network such as 10.0.0.0/8`)
  }
}

const IPV4_LENGTH = 4

/** An IPv4 address that is written as IPv6 is that IPv4 address. */
function parseAddress (text = ''): Uint8Array | undefined {
  const bytes = parseIP(text)
  const isMapped = bytes?.length === 16 && bytes.subarray(0, 10).every(byte => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff
  return isMapped ? bytes.slice(12) : bytes
}

function nameOf (address: Uint8Array): string {
  if (address.length === IPV4_LENGTH) {
    return address.join('.')
  }

  return Array.from(address.subarray(0, 8), byte => byte.toString(16).padStart(2, '0')).join('')
}
