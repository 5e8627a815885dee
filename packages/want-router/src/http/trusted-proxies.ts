import { parseIP } from '@chainsafe/is-ip/parse'
import { IpNet } from '@chainsafe/netmask'
import { InvalidOptionError } from '../errors.ts'

/** Reverse proxies whose `X-Forwarded-For` is trusted. */
export interface TrustedProxies {
  /** Whether an address belongs to one of them. */
  includes (address: string): boolean
  /**
   * The address of a client, from the address of the connection and `X-Forwarded-For`, as {@link normalizeAddress}
   * writes it. Empty if the connection has no address.
   */
  clientAddress (connection: string | undefined, forwardedFor?: string | readonly string[] | null): string
}

/** The most entries of the header that are read: real chains of proxies are short. */
const MAX_HOPS = 32
const IPV4_LENGTH = 4
const IPV6_LENGTH = 16

/**
 * Finds the addresses of clients behind reverse proxies. Anyone can write `X-Forwarded-For`, and each proxy appends the
 * address that it saw. So the header is read from its end, as long as the address before was that of a trusted proxy.
 *
 * @param networks - addresses, or networks such as `10.0.0.0/8` and `fd00::/8`. Default: no proxy is trusted
 * @throws {InvalidOptionError} one of them is neither an address nor a network
 */
export function createTrustedProxies (networks: readonly string[] = []): TrustedProxies {
  const trusted = networks.map(parseNetwork)

  const includes = (address: string): boolean => {
    const bytes = trusted.length === 0 ? undefined : parseAddress(address)

    return bytes != null && trusted.some(network => network.contains(bytes))
  }

  return {
    includes,

    clientAddress (connection = '', forwardedFor = undefined) {
      let address = normalizeAddress(connection) ?? ''

      if (forwardedFor == null || !includes(address)) {
        return address
      }

      const hops = String(forwardedFor).split(',').slice(-MAX_HOPS)

      for (let hop = hops.pop(); hop != null && includes(address); hop = hops.pop()) {
        const next = normalizeAddress(hop.trim())

        if (next == null) {
          break // no trusted proxy writes this
        }

        address = next
      }

      return address
    }
  }
}

/**
 * Writes an IP address in one form: IPv4-mapped addresses as IPv4, IPv6 as in RFC 5952, without a zone and without a
 * port (some proxies write `1.2.3.4:567`, `[::1]:567` or `[::1]`).
 *
 * @returns undefined if it is not an address
 */
export function normalizeAddress (text: string): string | undefined {
  const bytes = parseAddress(text)

  if (bytes == null) {
    return undefined
  }

  if (bytes.length === IPV4_LENGTH) {
    return bytes.join('.')
  }

  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8 | bytes[2 * i + 1]).toString(16))

  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

/** The bytes of an address; undefined: it is not an address. */
export function parseAddress (text: string): Uint8Array | undefined {
  const [, bracketed, bare] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []
  const bytes = parseIP((bracketed ?? bare ?? text).replace(/%.*$/, ''))
  const isMapped = bytes?.length === IPV6_LENGTH && bytes.subarray(0, 10).every(byte => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff

  return isMapped ? bytes.slice(12) : bytes
}

function parseNetwork (network: string): IpNet {
  const [address, prefix, ...rest] = network.split('/')

  try {
    const bits = prefix ?? 8 * (parseIP(address)?.length ?? 0)

    return new IpNet(rest.length === 0 ? address : network, bits)
  } catch {
    throw new InvalidOptionError(`trustedProxies: "${network}" is neither an IP address nor a network such as 10.0.0.0/8`)
  }
}
