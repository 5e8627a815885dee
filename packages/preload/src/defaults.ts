/**
 * Limits of the reverse direction: blocks of 1 MiB, Helia's chunks, and capacity for as many
 * unsent ones as may be on their way. A block that is dropped is wanted again, and Helia does
 * not send a block twice within 5 s.
 */
export const PRELOAD_REVERSE_LIMITS = { expectedBlock: 1 << 20, unsentPerClient: 32 << 20 } as const

/** The limits of requests. Times are ms, sizes bytes. */
export interface PreloadLimits {
  /** Requests that run at the same time for one client, an IPv4 address or a /64 of IPv6; the next ones wait. Default 16. */
  readonly runningPerClient: number
  /** Requests that run at the same time in all. Default 256. */
  readonly running: number
  /** Requests of one client that may wait. Default 1,024: a js-ipfs that adds many files asks for all of them at once. */
  readonly queuedPerClient: number
  /** Requests that may wait in all. Default 4,096. */
  readonly queued: number
  /** How long a request waits for the client to connect. Default 5 s. */
  readonly clientWait: number
  /**
   * If a member has neither begun to answer nor got a block for this long, the next one is
   * asked. A member that stops in the middle, though clients have sent all blocks that it asked
   * for, is asked again after once to twice this time. Default 10 s.
   */
  readonly memberWait: number
  /** A request for which no new block and no line has come for this long ends. Default 30 s. */
  readonly noProgress: number
  /** How long a request may take. Default 1 h. */
  readonly time: number
  /** Blocks that clients may send for one request. Default 1,000,000. */
  readonly blocks: number
  /** Bytes of blocks that clients may send for one request. Default 16 GiB. */
  readonly bytes: number
  /**
   * Bytes of blocks that may be sent within an hour for the requests of one client, an IPv4
   * address or a /64 of IPv6. Each request that shares a block counts it. Beyond that requests
   * are answered with 429, or broken off. Default 64 GiB.
   */
  readonly bytesPerClientAndHour: number
  /** The same for all clients together. Default 1 TiB. */
  readonly bytesPerHour: number
  /** How many links deep a DAG may be. Default 20,000. */
  readonly depth: number
  /** Links of one request that are kept. Default 1,000,000. */
  readonly links: number
  /**
   * Lines of one answer. Default 4,000,000. Without `unique` a member lists what is below a block wherever that is linked
   * to, so a few small blocks may have lines without end.
   */
  readonly lines: number
  /** Memory for the links of all requests. Default 64 MiB. */
  readonly linkMemory: number
  /** Lines that may wait for the slowest reader of a traversal before it pauses. Default 1 MiB. */
  readonly unread: number
  /** How long a want that no request is known to need waits for the block that links to it. Default 500 ms. */
  readonly linkWait: number
}

/** The defaults of {@link PreloadLimits}. */
export const DEFAULT_PRELOAD_LIMITS: PreloadLimits = {
  runningPerClient: 16,
  running: 256,
  queuedPerClient: 1024,
  queued: 4096,
  clientWait: 5000,
  memberWait: 10_000,
  noProgress: 30_000,
  time: 3_600_000,
  blocks: 1_000_000,
  bytes: 16 * 2 ** 30,
  bytesPerClientAndHour: 64 * 2 ** 30,
  bytesPerHour: 2 ** 40,
  depth: 20_000,
  links: 1_000_000,
  lines: 4_000_000,
  linkMemory: 64 << 20,
  unread: 1 << 20,
  linkWait: 500
}
