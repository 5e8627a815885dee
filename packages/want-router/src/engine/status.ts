import type { Refusal } from '../policies/refusal.ts'
import type { AskType } from '../strategies/strategy.ts'

/** The public state of a member. */
export interface MemberStatus {
  readonly id: string
  /** Tells the member from a removed one with the same id. */
  readonly generation: number
  readonly state: 'up' | 'down' | 'ejected' | 'draining'
  /** The member is asked nothing new, whether it is up or down. */
  readonly draining: boolean
  readonly weight: number
  readonly labels: Readonly<Record<string, string>>
  readonly load: { readonly wants: number, readonly bytes: number }
  /** Expected bytes that may be open at it, adapted to how quickly it answers. */
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
  dontHaves: number
  failures: number
  timeouts: number
  /** Blocks and presences that it was not asked for, including blocks with wrong bytes. */
  unsolicited: number
  ejections: number
}

/** Counts since the start. */
export interface Totals {
  /** Wants received, cancels not counted. */
  wants: number
  cancels: number
  /** Entries whose CID is malformed or longer than 168 bytes. */
  badWants: number
  /** Wants whose hash function or digest length cannot be verified: no member is asked for them. */
  unverifiableWants: number
  /** Wants that joined the fetch of another want. */
  coalesced: number
  blocksSent: number
  bytesSent: number
  havesSent: number
  dontHavesSent: number
  retries: number
  /** Want-haves asked of a second member while the first was slow. */
  hedges: number
  evicted: number
  /** Wants that a policy refused. */
  refused: number
  expired: number
  /** Blocks not kept for a waiter that had no space for them; its want stays. */
  copiesLost: number
  /** Clients disconnected because they took nothing while the total for all was nearly used up. */
  closedUnread: number
  /** Errors thrown by the strategy: members were ranked in the order of the configuration. */
  strategyErrors: number
}

/** The most work that was done at once since the start. */
export interface Peaks {
  /** Rankings that one flush asked the strategy for. */
  rankings: number
  /** Wants that one client sent between two flushes. */
  wants: number
}

/** The public state of an engine: what it has at present, and totals since it was made. */
export interface EngineStatus {
  readonly draining: boolean
  readonly clients: number
  /** Wants of all clients. */
  readonly wants: number
  /** Wants that wait for a verdict of the policies. */
  readonly parked: number
  /** Distinct multihashes wanted. */
  readonly fetches: number
  /** Fetches that members are, or will be, asked for. A drain waits for these and for `unsent`. */
  readonly active: number
  /** Bytes of replies waiting for clients. */
  readonly unsent: number
  readonly members: readonly MemberStatus[]
  readonly peaks: Readonly<Peaks>
  readonly totals: Readonly<Totals>
}

/** How a want ended, reported once when it ends. */
export interface WantEnd {
  readonly client: string
  /** Raw CID bytes, as the client sent them. */
  readonly cid: Uint8Array
  readonly type: AskType
  /**
   * The last answer that the client got: a `block`, or a presence if the want ended without a block. If it got none:
   * `cancelled` by the client, `evicted` for another of its wants, `expired`, or `gone` with the client or its
   * connection. `refused`: by a policy (see `verdict`), or because the client had too many wants; of a list with more
   * than 4,096, and than four times as many as it may have, the rest is only counted in `Totals.evicted`.
   */
  readonly outcome: 'block' | 'have' | 'dont-have' | 'cancelled' | 'evicted' | 'expired' | 'refused' | 'gone'
  /** The verdict of the policy that refused it. */
  readonly verdict?: Refusal
  /** Size of the block; 0 without one. */
  readonly bytes: number
  /** The member whose block it was. */
  readonly member?: string
  /** From the want's arrival to its end, ms. */
  readonly ms: number
  /** From the want's arrival until its first answer, perhaps a presence, was added to the client's replies, ms. */
  readonly firstAnswerMs?: number
  /** From the client's first want-block to the block, ms: it may have sent a want-have before. */
  readonly blockMs?: number
}

/** All counts at 0. */
export function noTotals (): Totals {
  return {
    wants: 0,
    cancels: 0,
    badWants: 0,
    unverifiableWants: 0,
    coalesced: 0,
    blocksSent: 0,
    bytesSent: 0,
    havesSent: 0,
    dontHavesSent: 0,
    retries: 0,
    hedges: 0,
    evicted: 0,
    refused: 0,
    expired: 0,
    copiesLost: 0,
    closedUnread: 0,
    strategyErrors: 0
  }
}
