import type { CancelledWant, Capacity, TargetWant } from '../targets/target.ts'
import type { BitswapProtocol, Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** What happened. Everything the engine ever learns arrives as one of these. */
export type Input =
  /** An upstream peer's wantlist message; `connection` names the one on which it came, if that matters. */
  | { t: 'message', peer: string, wants: readonly WantEntry[], full: boolean, connection?: number }
  /**
   * What has become of one of several connections of an upstream peer. The wants that came last on a `silent` one rest
   * until it is `heard` again, or until they come on another; with one that is `lost` they end.
   */
  | { t: 'connection', peer: string, connection: number, is: 'silent' | 'heard' | 'lost' }
  /** An upstream peer's last connection closed. */
  | { t: 'gone', peer: string }
  /** An upstream peer says that it asks for another, as the downstream side of a balancer does for its upstream side. */
  | { t: 'stands-for', peer: string, of: string }
  /** `peer`: the member's peer id, if it has one. */
  | { t: 'up', member: string, capacity?: Partial<Capacity>, peer?: string }
  | { t: 'down', member: string, why?: string }
  /** A block whose bytes hash to `key`: verified before it gets here. */
  | { t: 'block', member: string, key: WantKey, bytes: Uint8Array }
  | { t: 'answer', member: string, key: WantKey, answer: 'have' | 'lack' | 'unknown' | 'failed', why?: string }
  | { t: 'load', member: string, pendingBytes: number }
  /** The deadline has passed. */
  | { t: 'tick' }
  /** Take no new peers; what was asked is still answered. */
  | { t: 'drain' }

/** What is to be done. `flush` calls these; none of them may call back into the engine. */
export interface Output {
  ask (member: string, wants: readonly TargetWant[]): void
  cancel (member: string, wants: readonly CancelledWant[]): void
  /** There is something to `take` for this upstream peer. */
  ready (peer: string): void
  /** Close the connections of this upstream peer. */
  close (peer: string, why: string): void
  /** End the session with this member, which may begin another. */
  reset (member: string, why: string): void
  /** Some member's state or weight changed: all of them as they are now. */
  changed? (members: readonly MemberStatus[]): void
}

export interface MemberStatus {
  readonly id: string
  readonly state: 'up' | 'down' | 'ejected' | 'draining'
  readonly weight: number
  readonly labels: Readonly<Record<string, string>>
  readonly load: { readonly wants: number, readonly bytes: number }
  /** Expected bytes that it may have open, adapted to its path. */
  readonly window: number
  /** Smoothed time to a block, ms; undefined before the first. */
  readonly latency?: number
  /** The member's own report of its queue, bytes. */
  readonly pendingBytes: number
  /** Why it is down or ejected. */
  readonly why?: string
  readonly totals: Readonly<MemberTotals>
}

/** Counts since the start, for one member. */
export interface MemberTotals {
  asks: number
  blocks: number
  bytes: number
  haves: number
  lacks: number
  failures: number
  timeouts: number
  /** Blocks it sent that nobody had asked it for, wrong bytes among them. */
  unasked: number
  ejections: number
}

/** Counts since the start. */
export interface Totals {
  /** Wants received, cancels not counted. */
  wants: number
  cancels: number
  /** Entries whose CID is malformed or over 168 bytes. */
  badWants: number
  /** Wants whose hash function or length of digest cannot be verified: nobody is asked for them. */
  unverifiableWants: number
  /** Wants that joined one already on its way. */
  coalesced: number
  blocksSent: number
  bytesSent: number
  havesSent: number
  dontHavesSent: number
  retries: number
  /** Want-haves asked of a second member while the first was slow. */
  hedges: number
  evicted: number
  expired: number
  /** Blocks not kept for a waiter whose window was full; its want stays. */
  copiesLost: number
  /** Upstream peers disconnected since they took nothing, while what may wait for all was nearly used up. */
  closedUnread: number
  /** Times that the strategy threw: members were ranked as they are configured. */
  strategyErrors: number
}

export interface EngineStatus {
  readonly draining: boolean
  readonly peers: number
  readonly wants: number
  readonly routes: number
  /** Routes that are queued or asked: what a drain waits for, with `unsent`. */
  readonly active: number
  /** Bytes of blocks waiting for upstream peers. */
  readonly unsent: number
  readonly members: readonly MemberStatus[]
  readonly totals: Readonly<Totals>
}

export interface Engine {
  /** Takes note of what happened. Decides nothing that `flush` has to carry out before it is called. */
  put (input: Input): void
  /** Carries out what has been decided since the last flush. */
  flush (out: Output): void
  /** The next message for an upstream peer, its blocks bounded by `maxBytes` (one bigger block may travel alone). */
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /**
   * Whether a block with this CID prefix may be one that the member was asked for. Always, but for an ejected
   * member, whose blocks are not worth hashing unless it owes one like that.
   */
  expects (member: string, prefix: Uint8Array): boolean
  /** True when `flush` has something to do. */
  readonly dirty: boolean
  /** When `tick` is wanted next, in the clock's ms; undefined: not at all. */
  readonly deadline: number | undefined
  status (): EngineStatus
  /**
   * For how long an upstream peer has had no want that is being looked for and nothing unsent, ms; undefined while it
   * has. What all members lack is not being looked for. A peer that is not known has been idle for ever.
   */
  idleFor (peer: string): number | undefined
  /**
   * For tests: looks through all that the engine knows for contradictions.
   *
   * @throws {InvariantError} where there is one
   */
  checkInvariants (): void
}
