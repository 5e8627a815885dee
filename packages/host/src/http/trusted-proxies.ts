import { BlockList, isIP } from 'node:net'
import { InvalidOptionError } from '../errors.ts'

/** Reverse proxies whose word is taken for who asks. */
export interface TrustedProxies {
  /** Whether an address is that of one. */
  includes (address: string): boolean
  /**
   * The address of a client, from that of the connection and what `X-Forwarded-For` says. Empty if the connection has none any more.
   */
  clientAddress (connection: string | undefined, forwardedFor?: string | readonly string[]): string
}

/**
 * Finds out who asks through reverse proxies. Anyone can write `X-Forwarded-For`, and each proxy appends the address
 * that it saw, so the header is read from the right, for as long as what was read is a trusted proxy.
 *
 * @param ranges - addresses, or ranges such as `10.0.0.0/8` and `fd00::/8`
 * @throws {InvalidOptionError} one of them is neither
 */
export function createTrustedProxies (ranges: readonly string[] = []): TrustedProxies {
  const list = new BlockList()
  ranges.forEach(range => { add(list, range) })
  const includes = (address: string): boolean => ranges.length > 0 && list.check(address, family(address))

  return {
    includes: address => includes(plainAddress(address) ?? ''),

    clientAddress (connection = '', forwardedFor = undefined) {
      let address = plainAddress(connection) ?? ''

      if (forwardedFor == null || !includes(address)) {
        return address
      }

      const hops = String(forwardedFor).split(',')

      for (let hop = hops.pop(); hop != null && includes(address); hop = hops.pop()) {
        const next = plainAddress(withoutPort(hop.trim()))

        if (next == null) {
          break // a proxy that is trusted did not write this
        }

        address = next
      }

      return address
    }
  }
}

function add (list: BlockList, range: string): void {
  const [address, prefix, ...rest] = range.split('/')
  const bits = isIP(address) === 6 ? 128 : 32

  if (isIP(address) === 0 || rest.length > 0 || (prefix != null && !(/^\d+$/.test(prefix) && Number(prefix) <= bits))) {
    throw new InvalidOptionError(`"${range}" is not an address, or a range of addresses such as 10.0.0.0/8`)
  }

  list.addSubnet(address, Number(prefix ?? bits), family(address))
}

function family (address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** An address without a zone, and that of IPv4 which a socket for both shows as one of IPv6 as that of IPv4; undefined: it is none. */
function plainAddress (text: string): string | undefined {
  const address = text.replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '')

  return isIP(address) === 0 ? undefined : address
}

/** Some proxies write `1.2.3.4:567`, `[::1]:567` or `[::1]`. */
function withoutPort (text: string): string {
  const [, bracketed, bare] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? []

  return bracketed ?? bare ?? text
}
