import type { Refusal } from '../policies/refusal.ts'
import type { AskType } from '../strategies/strategy.ts'

/** What can be seen of a member. */
export interface MemberStatus {
  readonly id: string
  /** Tells it from a member that was removed and had the same id. */
  readonly generation: number
  readonly state: 'up' | 'down' | 'ejected' | 'draining'
  /** It is asked nothing new, whether it is up or down. */
  readonly draining: boolean
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
  dontHaves: number
  failures: number
  timeouts: number
  /** Blocks it sent without having been asked for them, wrong bytes among them. */
  unsolicited: number
  ejections: number
}

/** Counts since the start. */
export interface Totals {
  /** Wants received, cancels not counted. */
  wants: number
  cancels: number
  /** Entries whose CID is malformed or over 168 bytes. */
  badWants: number
  /** Wants whose hash function or length of digest cannot be verified: no member is asked for them. */
  unverifiableWants: number
  /** Wants that joined a fetch of another. */
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
  /** Blocks not kept for a waiter whose window was full; its want stays. */
  copiesLost: number
  /** Clients disconnected because they took nothing while the total for all was nearly used up. */
  closedUnread: number
  /** Times that the strategy threw: members were ranked as they are configured. */
  strategyErrors: number
}

/** The most that was done at once since the start: what goes beyond it waits. */
export interface Peaks {
  /** Times that one flush had the strategy rank the members for a fetch. */
  rankings: number
  /** Wants that one client brought between two flushes. */
  wants: number
}

/** What can be seen of an engine: what it has at present, and totals since it was made. */
export interface EngineStatus {
  readonly draining: boolean
  readonly clients: number
  /** Wants of all clients. */
  readonly wants: number
  /** Wants of those that wait for a verdict of the policies. */
  readonly parked: number
  /** Distinct multihashes wanted. */
  readonly fetches: number
  /** Fetches that are being looked for: what a drain waits for, with `unsent`. */
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
  /** Raw CID bytes, in the client's words. */
  readonly cid: Uint8Array
  readonly type: AskType
  /**
   * The last thing that the client got: a `block`, or a presence that was the last word when the want ended otherwise.
   * Without any: `cancelled` by the client, `evicted` for another of its wants, `expired`, or `gone` with the client or
   * its connection. `refused`: by a policy (see `verdict`), or because the client had too many.
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
  /** From the want's arrival until its first answer, which may be a presence, is among the client's replies, ms. */
  readonly firstAnswerMs?: number
  /** From the first ask for the block to the block, ms: a client may have wanted to know who has it before. */
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
