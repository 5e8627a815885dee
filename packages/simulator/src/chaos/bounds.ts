import type { Capacity, Limits } from '@kitsune/want-router'
import type { MemberStatus } from '@kitsune/want-router/engine'

/**
 * Times that do not follow from the engine's limits, ms: how often it looks at
 * lifetimes, ejections and wants that wait for another try; and what the driver adds.
 */
export const SWEEP = 1000
/** Retries and hedges that are granted at first and each second, whatever the traffic; how many of these can be saved up; and how many an answer adds. */
export const TRICKLE = 10
/** The most retries or hedges that can be saved up. */
export const MAX_TOKENS = 100
/** How many an answer adds. */
export const REWARD = 2
/** A member that delivers other blocks may take this many times the longest timeout for one want. */
const MAX_TIMEOUTS = 3
/** A timer of the driver that is later than this concludes that the process was stopped, and is set again, ms. */
export const LATE = 100
/** How often a timer that is late is set again. */
export const MAX_GRACES = 3
/** For how long it is set again, ms. */
export const MAX_GRACE = 1000
/** The least time after which the silence of a member whose protocol has no DONT_HAVE counts as an answer, ms. */
const MIN_SILENCE = 200

/** Wants that one client may have open at a member with that capacity: at most eight for each place that it leaves. */
export function openForOne (wants: number): number {
  return Math.max(1, Math.ceil(wants * 8 / 9))
}

/** Blocks of that size that are on their way at a time from one member for one client, at the least. */
export function blocksAtOnce (limits: Limits, capacity: Pick<Capacity, 'wants' | 'bytes'>, block: number): number {
  const { minBytesPerMember, unsentPerClient, inFlight, unsent } = limits
  const bytes = Math.min(capacity.bytes, minBytesPerMember, unsentPerClient, inFlight, unsent)

  return Math.max(1, Math.min(openForOne(capacity.wants), Math.floor(bytes / Math.max(1, block))))
}

/** A member that is connected when the faults end. */
export interface RecoveringMember {
  /** How many wants it answers at a time. */
  readonly wants: number
  /** Whether its protocol supports DONT_HAVE. If not, its silence is the answer. */
  readonly supportsDontHave: boolean
  /** Smoothed time to an answer, ms. */
  readonly latency: number
  /** For how long it has owed its oldest want, ms; undefined: it owes nothing; Infinity: this is not known. */
  readonly owes: number | undefined
}

/** Describes a member by an engine's status alone. It takes as much as the limits say, and its protocol supports DONT_HAVE. */
export function recoveringMember ({ load, latency = 0 }: Pick<MemberStatus, 'load' | 'latency'>, limits: Limits, largestBlock: number): RecoveringMember {
  const capacity = { wants: limits.wantsPerMember, bytes: limits.maxBytesPerMember }

  return { wants: blocksAtOnce(limits, capacity, largestBlock), supportsDontHave: true, latency, owes: load.wants > 0 ? Infinity : undefined }
}

/** What determines how long a router may take to serve everything that can be served. */
export interface Recovery {
  readonly limits: Limits
  readonly members: readonly RecoveringMember[]
  /** Open wants; each may be served by itself, where a client's window has no space for two copies. */
  readonly wants: number
  /** The fetches for them: each may fail and be hedged by itself. */
  readonly fetches: number
  /** The longest time that an honest member takes to answer, and its block to be verified, ms. */
  readonly answer: number
  /** How long it takes until members that are down no longer count, ms. */
  readonly down: number
}

/**
 * The longest time from the end of all faults until a want has what it can get, ms.
 * These delays may follow each other:
 *
 * 1. wants that members were asked before and have forgotten hold places there until
 * they time out; a hedge that takes the place of the attempt has that time again;
 * 2. a pass over the members asks each for each want, and they answer as many at a time
 * as they take; if silence is the answer, that takes until the timeout;
 * 3. if the block had been asked for: failed wants are asked again when the retry
 * budget allows, at worst only by the trickle, which hedges share;
 * 4. then a fetch that has failed, or whose answers are no longer true, waits before it
 * is asked again: once for members that have not answered, and once more for all.
 * After each wait comes a pass;
 * 5. a DONT_HAVE waits for members that are down until they no longer count;
 * 6. a timer that was held up by a stall waits again before it judges.
 */
export function recoveryBound ({ limits, members, wants: all, fetches, answer, down }: Recovery, asked: boolean): number {
  const { askAgainAfter, hedgeShare } = limits
  const forgotten = Math.max(0, ...members.map(member => forgottenFor(member, limits))) * (hedgeShare > 0 ? 2 : 1)
  const pass = sum(members.map(({ wants, ...member }) => Math.ceil(all / wants) * answerTime(member, limits, answer)))
  const retried = (Math.ceil(fetches * (1 + (hedgeShare > 0 ? members.length : 0)) / TRICKLE) + 1) * SWEEP
  const rests = retried + 2 * (askAgainAfter + SWEEP + pass)

  return forgotten + pass + (asked ? rests : 0) + down + MAX_GRACES * MAX_GRACE
}

/** The longest that a member which owes something has for it yet: more than the longest timeout if it is slow and delivers other things. */
function forgottenFor ({ owes, latency }: RecoveringMember, { maxTimeout }: Limits): number {
  return owes == null ? 0 : Math.max(maxTimeout, Math.min(4 * Math.max(latency, owes), MAX_TIMEOUTS * maxTimeout))
}

function answerTime ({ supportsDontHave, latency }: Pick<RecoveringMember, 'supportsDontHave' | 'latency'>, { firstTimeout, maxTimeout }: Limits, answer: number): number {
  return supportsDontHave ? answer : answer + Math.max(firstTimeout, Math.min(maxTimeout, Math.max(MIN_SILENCE, 2 * latency)))
}

/**
 * The longest, ms, from the departure of all clients until nothing is left to
 * do: an ejection and the slow start after it, or a member that is forgotten.
 */
export function quietBound ({ maxEjection, slowStart, forgetDownAfter }: Limits): number {
  return Math.max(maxEjection + slowStart, forgetDownAfter) + 2 * SWEEP + MAX_GRACES * MAX_GRACE
}

/**
 * The longest, ms, until that number of wants is served by honest members, even one at
 * a time. A want that a member does not have goes on to the next.
 */
export function serviceBound (wants: number, latency: number, members: number): number {
  return wants * latency * members + SWEEP
}

// what one flush does not get done is left to the next
const MAX_PICKS = 2000

/**
 * The most often that one flush ranks members: for each fetch when it goes on or has its round, in line for the member that
 * it waits for, and when another takes it over; and twice for each client that finds no place for the first that it waits
 * for: in line, and in a round.
 */
export function picksBound (fetches: number, clients: number): number {
  return Math.min(MAX_PICKS, 3 * fetches + 2 * clients)
}

/**
 * The most bytes that may wait for one client. Its window opens at
 * `unsentPerClient` and grows to `inFlightPerClient` while it reads. What stalled
 * members owe has a window to itself, and blocks may weigh twice what was
 * expected: so four windows. Beside them, a block that is alone may exceed its
 * window: one that was on its way, one that came without being asked for.
 */
export function clientBytesBound ({ unsentPerClient, inFlightPerClient }: Limits, reads: boolean, largestBlock: number): number {
  return 4 * (reads ? Math.max(unsentPerClient, inFlightPerClient) : unsentPerClient) + 2 * largestBlock
}

// what a reply counts beside the block that it brings
const REPLY_OVERHEAD = 512

/** The most bytes that may wait for all clients: a block that is alone may exceed it, and presences are as bounded as wants. */
export function allBytesBound ({ unsent }: Limits, largestBlock: number, wants: number): number {
  return Math.max(unsent, largestBlock + REPLY_OVERHEAD) + wants * REPLY_OVERHEAD
}

function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
