import { InvalidOptionError } from '../errors.ts'

/** Limits of an HTTP server. Times are in ms, sizes in bytes; all are whole numbers above 0. */
export interface HttpLimits {
  /** Connections open at the same time. The server makes room for a new one by closing another. */
  readonly maxConnections: number
  /** Connections open at the same time from one address that is not a trusted proxy. */
  readonly connectionsPerAddress: number
  /** Requests open at the same time on an HTTP/2 connection. */
  readonly streamsPerConnection: number
  /**
   * Answers that clients have not read yet, including an estimate for answers that the handler
   * has not given yet. While an address holds at least as much as it leaves to all others, its
   * further requests wait.
   */
  readonly unsent: number
  /** Requests of one address that wait for their turn; a further one gets a 503. */
  readonly waiting: number
  /** The headers of a request, and a TLS handshake, must be complete within this time. */
  readonly headersTimeout: number
  /** A connection without a request ends after this time. */
  readonly idleTimeout: number
  /** An answer is broken off if its client reads nothing for this long. */
  readonly stallTimeout: number
}

/** For the open internet. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxConnections: 2000,
  // a carrier's NAT has many clients behind one address
  connectionsPerAddress: 512,
  // kubo has 64 requests open, browsers 100
  streamsPerConnection: 128,
  unsent: 128 << 20,
  waiting: 1024,
  headersTimeout: 10_000,
  // kubo keeps an idle connection for 30 s
  idleTimeout: 60_000,
  stallTimeout: 30_000
}

/**
 * Adds the defaults to the given limits.
 *
 * @throws {InvalidOptionError} a limit does not exist or is out of range
 */
export function resolveHttpLimits (given: Partial<HttpLimits> = {}): HttpLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_HTTP_LIMITS, name)) {
      throw new InvalidOptionError(`limits.${name} does not exist: there are ${Object.keys(DEFAULT_HTTP_LIMITS).join(', ')}`)
    }

    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new InvalidOptionError(`limits.${name} must be a whole number above 0, not ${value}`)
    }
  }

  return { ...DEFAULT_HTTP_LIMITS, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}
