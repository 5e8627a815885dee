import { InvalidOptionError } from './errors.ts'

/** Limits of a host. Times are in ms, sizes in bytes; all are whole numbers above 0. */
export interface HostLimits {
  /** Inbound connections open at the same time. The host closes an idle one in favour of a new one. */
  readonly maxConnections: number
  /**
   * New connections a second from one address. All clients behind a proxy share
   * its address, and reconnect together after a restart.
   */
  readonly newPerSecond: number
  /** Connections whose handshake is under way, including silent ones. Beyond that the oldest one of the address with the most such connections is closed. */
  readonly pending: number
  /** A connection must be encrypted and multiplexed within this time. */
  readonly upgradeTimeout: number
  /** A WebSocket message must be complete within this time. */
  readonly unfinishedTimeout: number
  /** A peer is pinged this long after its last ping was answered or sent. */
  readonly pingInterval: number
  /**
   * A connection ends when nothing has arrived from its peer for this long and no
   * data that waited for it has drained. A line of 64 KiB/s drains only every 22 s:
   * the kernel holds 4 MiB of sent data, and accepts more when a third of that is free.
   */
  readonly silence: number
  /** How often connections are checked for silence. */
  readonly checkInterval: number
  /** How much a peer may send on one yamux stream before it is read. yamux alone would let this grow to 16 MiB. */
  readonly streamWindow: number
  /** New streams a second over mplex once its limit is reached. js-ipfs opens one for each message. */
  readonly mplexStreamsPerSecond: number
  /** New streams a second that a peer may open on a yamux connection that it has dialled. More have to wait. */
  readonly streamsPerSecond: number
  /** Streams a second that may break on such a connection, whichever end breaks them. Ten times as many may break at once. Beyond that the connection is closed. */
  readonly brokenStreamsPerSecond: number
  /** Pings a second and connection that are answered, of yamux and of libp2p's ping protocol each. */
  readonly pingsPerSecond: number
}

/**
 * For the open internet. libp2p's defaults (5 connections a second and address, 10
 * under way, 300 in total, 5 mplex streams a second) turn away clients behind one
 * NAT or one TLS proxy, and js-ipfs. A half-open connection is found within 30 s.
 */
export const DEFAULT_HOST_LIMITS: HostLimits = {
  // libp2p copies its list of connections for each new one: with more connections, that cost is noticeable
  maxConnections: 2000,
  newPerSecond: 512,
  pending: 1024,
  upgradeTimeout: 10_000,
  unfinishedTimeout: 30_000,
  pingInterval: 12_000,
  silence: 26_000,
  checkInterval: 1_000,
  streamWindow: 1 << 20,
  mplexStreamsPerSecond: 10_000,
  // a client that opens one for each message, or each block, of 16 KiB fills 30 MB/s
  streamsPerSecond: 2_000,
  brokenStreamsPerSecond: 1_000,
  pingsPerSecond: 32
}

/**
 * Adds the defaults to the given limits.
 *
 * @throws {InvalidOptionError} a limit does not exist or is out of range
 */
export function resolveLimits (given: Partial<HostLimits> = {}): HostLimits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_HOST_LIMITS, name)) {
      throw new InvalidOptionError(`limits.${name} does not exist: there are ${Object.keys(DEFAULT_HOST_LIMITS).join(', ')}`)
    }

    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
      throw new InvalidOptionError(`limits.${name} must be a whole number above 0, not ${value}`)
    }
  }

  const limits = { ...DEFAULT_HOST_LIMITS, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }

  if (limits.silence <= limits.pingInterval) {
    throw new InvalidOptionError(`limits.silence must be more than limits.pingInterval, ${limits.pingInterval} ms, not ${limits.silence}: idle peers only show signs of life when they are pinged`)
  }

  return limits
}
