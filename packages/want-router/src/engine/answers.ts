/** What members answer, and what the answers mean for waiters, attempts and the member itself. */
import { cancelAttempt, endAttempt, continueFetch, progress, promoteHedge } from './attempts.ts'
import { tellCertain } from './certainty.ts'
import { sendBlock, sendHave } from './deliveries.ts'
import { giveUp, settleIfCertain } from './exhaustion.ts'
import { answerOf, attemptAt, mayUse, noteAnswer, waiters } from './fetch.ts'
import { toDelayed, toContinuing, toQueued } from './fetches.ts'
import { hashString } from './hash.ts'
import { eject } from './member-lifecycle.ts'
import { cancelAllStanding, keepStanding } from './standing.ts'
import { endWant } from './want-ends.ts'
import type { Attempt, Client, ClientWant, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

const NONE: readonly Fetch[] = []

const UNSOLICITED = 'sends blocks or presences that it was not asked for'

/** A member has sent a block, which the driver has verified. */
export function onBlock (state: State, member: EngineMember, key: WantKey, bytes: Uint8Array): void {
  const fetch = state.fetches.all.get(key)
  const strict = state.fetches.strict.size > 0 ? state.fetches.strict.get(key) : undefined
  received(state, member, fetch != null || strict != null || wasLatelyAsked(state, member, key))

  if (fetch == null && strict == null) {
    return
  }

  member.totals.blocks++
  member.totals.bytes += bytes.byteLength

  if (fetch != null) {
    useBlock(state, fetch, member, bytes)
  }

  for (const one of strict ?? NONE) {
    if (one.strict?.members.has(member.id) === true) {
      useBlock(state, one, member, bytes)
    }
  }
}

/** A fetch gets its block, whether or not that member was asked for it. */
function useBlock (state: State, fetch: Fetch, member: EngineMember, bytes: Uint8Array): void {
  const attempt = attemptAt(fetch, member)

  if (attempt != null || answerOf(fetch, member) != null) {
    progress(state, member)
  }

  // the client to which the attempt was charged has reserved space for the block in its window, unless the block
  // is much larger than expected
  const { primary } = fetch
  const charged = primary != null && bytes.byteLength <= 2 * primary.reservedBytes ? primary.client : undefined

  if (attempt != null) {
    adapt(state, member, state.now() - attempt.startedAt, bytes.byteLength)
    member.health.succeeded(state.now())
  }

  settleAttempts(state, fetch, attempt, 'block', bytes.byteLength)
  cancelAllStanding(state, fetch, member)
  serveWaiters(state, fetch, member, bytes, charged)

  if (fetch.waiterCount > 0) {
    settleRest(state, fetch, member)
  }
}

/** Sends the block to every waiter. A waiter whose client has no space for it now keeps its want. */
function serveWaiters (state: State, fetch: Fetch, member: EngineMember, bytes: Uint8Array, charged: Client | undefined): void {
  let reservedFor = charged
  let next: ClientWant | undefined

  for (let want = fetch.first; want != null; want = next) {
    next = want.nextWaiter

    if (want.type === 'block' || (!want.haveSent && bytes.byteLength <= state.limits.inlineBlock)) {
      const reserved = want.client === reservedFor

      if (reserved) {
        reservedFor = undefined // space is reserved for one copy, not for one under each CID
      }

      if (sendBlock(state, want.client, want.cid, bytes, reserved)) {
        endWant(state, want, 'block', { member: member.id, bytes: bytes.byteLength })
        continue
      }
    }

    if (want.type === 'have' && !want.haveSent && mayUse(want, member)) {
      sendHave(state, want)
    }
  }
}

/** Ends the answered attempt with that result, and cancels the other. */
function settleAttempts (state: State, fetch: Fetch, answered: Attempt | undefined, result: 'block' | 'have', bytes = 0): void {
  const { primary, hedge } = fetch

  if (hedge != null) {
    settleAttempt(state, hedge, answered, result, bytes)
  }

  if (primary != null) {
    settleAttempt(state, primary, answered, result, bytes)
  }
}

function settleAttempt (state: State, attempt: Attempt, answered: Attempt | undefined, result: 'block' | 'have', bytes: number): void {
  if (attempt === answered) {
    endAttempt(state, attempt, result, bytes)
  } else {
    cancelAttempt(state, attempt)
  }
}

/** A member holds the block: a fetch that still owes a client something is queued again. */
function settleRest (state: State, fetch: Fetch, member: EngineMember): void {
  noteAnswer(fetch, member, 'have', state.now())
  fetch.tries = 0
  fetch.exhaustions = 0
  fetch.type = 'have'

  for (const want of waiters(fetch)) {
    if (want.type === 'block') {
      fetch.type = 'block'
    }
  }

  toQueued(state, fetch) // some waiters still want the block, or a HAVE from a member that they may use
}

/** A block or presence for a key that the member was lately asked for is late, not unsolicited. */
function wasLatelyAsked ({ seed }: State, { recent }: EngineMember, key: WantKey): boolean {
  return recent.has(hashString(key, seed))
}

/** Counts what a member has sent. A member that sends too much unsolicited is ejected, and its session ends. */
function received (state: State, member: EngineMember, solicited: boolean): void {
  if (!solicited) {
    member.totals.unsolicited++
  }

  if (member.health.received(solicited, state.now())) {
    eject(state, member, UNSOLICITED)

    if (member.state === 'ejected') {
      state.outbox.resets.set(member, UNSOLICITED)
    }
  }
}

function adapt (state: State, member: EngineMember, ms: number, bytes: number): void {
  const { latency, window } = member
  sampleLatency(state, member, ms)

  if (ms <= 2 * latency.least + 5) {
    window.grow(bytes)
  } else if (ms > 4 * latency.least + 20) {
    window.shrink(bytes)
  }
}

function sampleLatency (state: State, member: EngineMember, ms: number): void {
  member.latency.sample(ms)
  state.memberTimers.touch(member) // timeouts may have become shorter
}

/** A member has answered without a block. */
export function onAnswer (state: State, member: EngineMember, key: WantKey, answer: 'have' | 'dont-have' | 'unknown' | 'failed', why?: string, size?: number): void {
  const fetch = fetchAt(state, key, member)

  if (answer === 'have' || answer === 'dont-have') {
    const asked = fetch != null && (attemptAt(fetch, member) != null || answerOf(fetch, member) != null)
    received(state, member, asked || wasLatelyAsked(state, member, key))
  }

  // read only now: if the member was just ejected, its attempt has ended
  const attempt = fetch == null ? undefined : attemptAt(fetch, member)
  const said = fetch == null ? undefined : answerOf(fetch, member)?.what

  // an answer that repeats an earlier one, or that the member was not asked for, is no progress on what it owes
  if (attempt != null || (said != null && said !== answer)) {
    progress(state, member)
  }

  if (fetch == null) {
    return
  }

  if (answer === 'have') {
    onHave(state, fetch, member, size)
  } else if (attempt != null) {
    onNoBlock(state, attempt, answer, why)
  } else if (answer === 'dont-have' && answerOf(fetch, member) != null) {
    // the answer came after the timeout
    member.totals.dontHaves++
    noteAnswer(fetch, member, 'dont-have', state.now())
    tellCertain(state, fetch)
    settleIfCertain(state, fetch)
  }
}

/** The fetch that a member has answered. If a block has several fetches, it is the one that the member was asked for. */
function fetchAt ({ fetches }: State, key: WantKey, member: EngineMember): Fetch | undefined {
  const shared = fetches.all.get(key)
  const strict = fetches.strict.size > 0 ? fetches.strict.get(key) : undefined

  if (strict == null) {
    return shared
  }

  const both = shared == null ? [...strict] : [shared, ...strict]

  return both.find(fetch => attemptAt(fetch, member) != null) ?? both.find(fetch => answerOf(fetch, member) != null) ?? shared
}

/** A member with an open attempt has answered that it sends no block. */
function onNoBlock (state: State, attempt: Attempt, answer: 'dont-have' | 'unknown' | 'failed', why = 'failed'): void {
  const { fetch, member } = attempt
  const wasPrimary = attempt === fetch.primary
  endAttempt(state, attempt, answer)

  if (answer === 'failed') {
    fail(state, fetch, member, why, wasPrimary)

    return
  }

  noteAnswer(fetch, member, answer, state.now())

  if (answer === 'dont-have') {
    member.totals.dontHaves++
    member.health.succeeded(state.now())
    keepStanding(state, fetch, member)
    tellCertain(state, fetch)
  }

  if (wasPrimary) {
    continueFetch(state, fetch)
  }
}

function onHave (state: State, fetch: Fetch, member: EngineMember, size: number | undefined): void {
  const attempt = attemptAt(fetch, member)

  if (attempt == null ? answerOf(fetch, member) == null : attempt.type === 'block') {
    return // a HAVE does not answer a want-block, whose block is still owed; otherwise the member was not asked
  }

  if (attempt != null) {
    sampleLatency(state, member, state.now() - attempt.startedAt)
    member.health.succeeded(state.now())
  }

  member.totals.haves++
  fetch.size = size ?? fetch.size
  noteAnswer(fetch, member, 'have', state.now())

  for (const want of waiters(fetch)) {
    if (want.type === 'have' && !want.haveSent && mayUse(want, member)) {
      sendHave(state, want)
    }
  }

  if (fetch.primary == null || fetch.primary.type === 'have') {
    settleAttempts(state, fetch, attempt, 'have')
    settleRest(state, fetch, member)
  } // otherwise another member owes the block; if that member does not send it, this one is asked next
}

/** An attempt failed or timed out: it counts against the member's health, and the fetch continues with another member. */
export function fail (state: State, fetch: Fetch, member: EngineMember, why: string, wasPrimary = true): void {
  member.totals.failures++
  noteAnswer(fetch, member, 'failed', state.now())

  if (wasPrimary) {
    fetch.tries++

    if (promoteHedge(state, fetch)) {
      // the hedge is open already
    } else if (fetch.tries >= state.limits.tries) {
      giveUp(state, fetch)
    } else if (member.state === 'up') {
      toDelayed(state, fetch)
    } else {
      toContinuing(state, fetch) // retrying what a lost member owed is exempt from the budget
    }
  }

  if (member.health.failed()) {
    eject(state, member, why)
  }
}
