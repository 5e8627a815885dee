import { InvalidOptionError } from '../errors.ts'

/** Networks of proxies whose `X-Forwarded-For` is believed. */
export interface TrustedProxies {
  /**
   * The address of the client: that of the connection, or, where that is a trusted proxy's, the last one in
   * `X-Forwarded-For` that is not. What stands before it anybody can have written.
   */
  clientAddress (connection: string, forwardedFor: string | null | undefined): string
}

const MAX_HOPS = 32

/**
 * @param networks - addresses, or networks such as 10.0.0.0/8 and fd00::/8
 * @throws {InvalidOptionError} one is neither
 */
export function trustProxies (networks: readonly string[]): TrustedProxies {
  const trusted = networks.map(parseNetwork)
  const isTrusted = (address: string): boolean => {
    const bits = parseAddress(address)
    return bits != null && trusted.some(network => bits.startsWith(network))
  }

  return {
    clientAddress (connection, forwardedFor) {
      let address = normalizeAddress(connection) ?? connection
      const hops = (forwardedFor ?? '').split(',').slice(-MAX_HOPS)
      while (isTrusted(address)) {
        const hop = hops.pop()?.trim()
        const before = hop == null ? undefined : normalizeAddress(hop)
        if (before == null) {
          break
        }
        address = before
      }
      return address
    }
  }
}

/** One way to write an address: IPv4 in IPv6 as IPv4, no port, no zone, no brackets; undefined: it is none. */
export function normalizeAddress (text: string): string | undefined {
  const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? []
  const [, v4] = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(text) ?? []
  const address = (bracketed ?? v4 ?? text).replace(/%.*$/, '')
  try {
    // URL writes both families in one way
    const { hostname } = new URL(address.includes(':') ? `http://[${address}]/` : `http://${address}/`)
    const mapped = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(hostname)
    if (mapped != null) {
      const [high, low] = [parseInt(mapped[1], 16), parseInt(mapped[2], 16)]
      return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
    }
    if (hostname.startsWith('[')) {
      return hostname.slice(1, -1)
    }
    // a number alone is an address for URL, and none for anybody else
    return /^\d+\.\d+\.\d+\.\d+$/.test(address) && hostname === address ? address : undefined
  } catch {
    return undefined
  }
}

/** Its family and bits, as text. */
function parseAddress (text: string): string | undefined {
  const address = normalizeAddress(text)
  if (address == null) {
    return
  }
  if (!address.includes(':')) {
    return `4${address.split('.').map(part => Number(part).toString(2).padStart(8, '0')).join('')}`
  }
  const [head, tail] = address.split('::').map(half => half === '' ? [] : half.split(':'))
  const groups = tail == null ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
  return `6${groups.map(group => parseInt(group, 16).toString(2).padStart(16, '0')).join('')}`
}

function parseNetwork (text: string): string {
  const [address, length, ...rest] = text.split('/')
  const bits = parseAddress(address)
  const max = (bits?.length ?? 1) - 1
  if (bits == null || rest.length > 0 || (length != null && (!/^\d{1,3}$/.test(length) || Number(length) > max))) {
    throw new InvalidOptionError(`"${text}" is neither an address nor a network such as 10.0.0.0/8`)
  }
  return bits.slice(0, 1 + Number(length ?? max))
}
