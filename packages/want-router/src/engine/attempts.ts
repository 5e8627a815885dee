/**
 * An attempt is one fetch open at one member, charged to one client. This module opens
 * and closes all accounts of an attempt, for primary attempts and hedges alike: the
 * member's load, the client's share of the member, and the expected bytes of the member,
 * of the client and of all.
 */
import { expectedBytes, hasWindow } from './clients.ts'
import { typeAt } from './eligibility.ts'
import { toContinuing, toOpen } from './fetches.ts'
import { addLoad } from './members.ts'
import { enqueueCancel } from './outbox.ts'
import { freeAllCapacity, freeCapacity, giveRound } from './rounds.ts'
import type { Attempt, AttemptResult, Client, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { Outcome } from '../strategies/strategy.ts'

/** What kind of attempt to open. Default: a primary one that is no retry. */
export interface AttemptInit { readonly hedge?: boolean, readonly retry?: boolean }

/** Asks a member for a fetch: as the primary attempt, or as a hedge beside it, which asks for a HAVE. */
export function openAttempt (state: State, fetch: Fetch, member: EngineMember, client: Client, { hedge = false, retry = false }: AttemptInit = {}): Attempt {
  const now = state.now()
  const attempt: Attempt = {
    fetch,
    member,
    client,
    type: hedge ? 'have' : typeAt(fetch, member),
    startedAt: now,
    timedFrom: now,
    reservedBytes: 0,
    hedge,
    hedged: false,
    retry,
    asks: 0,
    line: undefined,
    ahead: undefined,
    behind: undefined
  }
  addLoad(state, member, 1)
  countOpen(attempt, 1)
  reserve(state, attempt)
  member.standing.delete(fetch.key)

  if (hedge) {
    fetch.hedge = attempt
    member.hedges.add(attempt)
  } else {
    setPrimary(state, attempt)
  }

  ask(state, attempt)

  return attempt
}

/**
 * Whether a member that was asked for a HAVE can be asked for the block now. If the client's window is full, or the
 * member drains, the attempt stays a want-have, and the block is asked for in a later round.
 */
export function mayUpgrade (state: State, { member, client }: Attempt): boolean {
  return !member.draining && hasWindow(state, client)
}

/** A want-have is open and a client now wants the block: the same member is asked for the block. */
export function upgradeAttempt (state: State, attempt: Attempt): void {
  const { member } = attempt
  state.hedgeable.delete(attempt)
  attempt.type = 'block'
  // the timeout of the block starts now: the time spent on the HAVE does not count
  attempt.startedAt = state.now()
  attempt.timedFrom = state.now()
  attempt.hedge = false
  member.open.delete(attempt)
  member.open.add(attempt)
  reserve(state, attempt)
  ask(state, attempt)
}

/** Closes an attempt and its accounts; the caller decides about the fetch. True: the want has left for its member already. */
export function endAttempt (state: State, attempt: Attempt, result: AttemptResult, bytes = 0): boolean {
  const { fetch, member, client, hedge } = attempt
  const left = !state.outbox.dequeue(member, fetch) || attempt.asks > 1
  state.hedgeable.delete(attempt)

  if (fetch.primary === attempt) {
    fetch.primary = undefined
    member.open.delete(attempt)
  } else {
    fetch.hedge = undefined
    member.hedges.delete(attempt)
  }

  addLoad(state, member, -1)
  countOpen(attempt, -1)
  release(state, attempt)

  if (member.open.size === 0) {
    member.stalled = false
  }

  freeCapacity(state, member)
  giveRound(state, client)
  member.recent.add(fetch.hash)

  const ms = state.now() - attempt.startedAt
  const answered = result === 'have' || result === 'dont-have' || result === 'block'

  if (answered && attempt.type === 'have' && !hedge && !attempt.hedged) {
    state.haveDelay.sample(ms)
  }

  if (answered && attempt.retry) {
    state.retryBudget.succeeded(state.now())
  }

  tellOutcome(state, attempt, result, ms, bytes)

  return left
}

/** Skips building the outcome when neither the strategy nor a listener observes attempts. */
function tellOutcome ({ strategy, attemptListeners }: State, { fetch, member, hedge }: Attempt, result: AttemptResult, ms: number, bytes: number): void {
  if (strategy.observe == null && attemptListeners.length === 0) {
    return
  }

  const outcome: Outcome = { member: member.id, want: fetch, result, ms, bytes, hedge }
  strategy.observe?.(outcome)

  for (const listener of attemptListeners) {
    listener(outcome)
  }
}

/** Ends an attempt, and cancels the want at its member. */
export function cancelAttempt (state: State, attempt: Attempt): void {
  if (endAttempt(state, attempt, 'cancelled')) {
    enqueueCancel(state.outbox, attempt.member, attempt.fetch)
  }
}

/** Cancels the hedge of a fetch, if there is one. */
export function cancelHedge (state: State, { hedge }: Fetch): void {
  if (hedge != null) {
    cancelAttempt(state, hedge)
  }
}

/**
 * The primary attempt ended without success: the hedge, if there is one, becomes the
 * primary attempt, and its timeout starts now. If a client wants the block by now, the
 * member is asked for the block.
 */
export function promoteHedge (state: State, fetch: Fetch): boolean {
  const { hedge } = fetch

  if (hedge == null) {
    return false
  }

  fetch.hedge = undefined
  hedge.member.hedges.delete(hedge)
  hedge.timedFrom = state.now()
  setPrimary(state, hedge)

  if (typeAt(fetch, hedge.member) === 'block' && mayUpgrade(state, hedge)) {
    upgradeAttempt(state, hedge)
  }

  return true
}

/**
 * The primary attempt ended without success, though it did not fail: the hedge becomes the primary attempt,
 * or the next flush asks another member.
 */
export function continueFetch (state: State, fetch: Fetch): void {
  if (!promoteHedge(state, fetch)) {
    toContinuing(state, fetch)
  }
}

/** A client that attempts were charged to no longer waits: they are charged to one that does. */
export function passAttempts (state: State, { primary, hedge }: Fetch, from: Client, to: Client): void {
  for (const attempt of [primary, hedge]) {
    if (attempt != null && attempt.client === from) {
      passAttempt(state, attempt, to)
    }
  }
}

/** Charges an attempt to another client. */
export function passAttempt (state: State, attempt: Attempt, to: Client): void {
  const { client: from } = attempt
  countOpen(attempt, -1)
  enter(attempt, -attempt.reservedBytes)
  giveRound(state, from)
  attempt.client = to
  countOpen(attempt, 1)
  enter(attempt, attempt.reservedBytes)
}

/** A member owes something and is silent: until it answers, what it owes does not count against the windows of the clients. */
export function stall (state: State, member: EngineMember): void {
  member.stalled = true

  for (const { client, reservedBytes } of member.open) {
    client.stalledBytes += reservedBytes
    giveRound(state, client)
  }
}

/** Notes that a member has answered something it was asked for: it is no longer stalled. */
export function progress (state: State, member: EngineMember): void {
  member.lastProgress = state.now()

  if (member.stalled) {
    for (const { client, reservedBytes } of member.open) {
      client.stalledBytes -= reservedBytes
    }

    member.stalled = false
    state.memberTimers.touch(member)
  }
}

function setPrimary (state: State, attempt: Attempt): void {
  const { fetch, member } = attempt
  toOpen(state, fetch)
  fetch.primary = attempt
  member.open.add(attempt)

  if (member.open.size === 1) {
    state.memberTimers.touch(member)
  }
}

function ask (state: State, attempt: Attempt): void {
  const { fetch, member, type } = attempt
  const { key, cid, client } = fetch
  attempt.asks++
  member.totals.asks++
  state.askAgainBudget.asked(state.now())
  state.outbox.enqueue(member, fetch, { key, cid, type, priority: state.outbox.nextPriority(), session: client })
}

/** Reserves the bytes that an attempt is expected to bring, in place of those reserved before. */
function reserve (state: State, attempt: Attempt): void {
  const { fetch, member, client, type } = attempt
  const bytes = expectedBytes(type, fetch, client, member.capacity.supportsDontHave)
  enterAll(state, attempt, bytes - attempt.reservedBytes)
  attempt.reservedBytes = bytes
}

function release (state: State, attempt: Attempt): void {
  const full = state.inFlight >= state.limits.inFlight
  enterAll(state, attempt, -attempt.reservedBytes)
  attempt.reservedBytes = 0
  state.scheduler.memoryFreed = true

  if (full && state.inFlight < state.limits.inFlight) {
    freeAllCapacity(state) // clients held up by the total of bytes may wait in any line
  }
}

function enterAll (state: State, attempt: Attempt, bytes: number): void {
  attempt.member.load.bytes += bytes
  state.inFlight += bytes
  enter(attempt, bytes)
}

function enter ({ member, client }: Attempt, bytes: number): void {
  client.inFlight += bytes

  if (member.stalled) {
    client.stalledBytes += bytes
  }
}

function countOpen ({ client, member }: Attempt, by: 1 | -1): void {
  const open = (client.openAt.get(member) ?? 0) + by

  if (open > 0) {
    client.openAt.set(member, open)
  } else {
    client.openAt.delete(member)
  }
}
