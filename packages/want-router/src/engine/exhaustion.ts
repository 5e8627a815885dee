/**
 * Exhausted fetches: they can only wait for a late block, for a member's recovery, or
 * until they are asked again.
 */
import { isCertain } from './certainty.ts'
import { sendDontHave } from './deliveries.ts'
import { isBarred, isUsable } from './eligibility.ts'
import { answeredMembers, answerOf, forgetAnswer, waiters } from './fetch.ts'
import { toExhausted, toQueued } from './fetches.ts'
import { askableMembers, isAskable } from './members.ts'
import { cancelStanding, isStanding } from './standing.ts'
import type { EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

// ms before a fetch that failed everywhere is asked again for the first time; doubled each time that it fails again
const FIRST_WAIT = 2000
// ms between two repetitions of a fetch that failed, however often clients ask again
const LEAST_WAIT = 1000

/** Gives a fetch up for now, after too many failures; members that have not answered may still work. */
export function giveUp (state: State, fetch: Fetch): void {
  toExhausted(state, fetch, Math.min(state.limits.askAgainAfter, FIRST_WAIT * 2 ** Math.min(fetch.exhaustions, 16)))
  fetch.exhaustions++
}

/** Gives a fetch up for now, since every member that may be asked has answered. */
export function exhaust (state: State, fetch: Fetch): void {
  giveUp(state, fetch)

  if (settleIfCertain(state, fetch)) {
    toExhausted(state, fetch, fetch.verifiable ? state.limits.askAgainAfter : Infinity)
  }
}

/**
 * Sends DONT_HAVE if it is certain of every configured member, including those that are down or ejected, or
 * if no block could be verified. boxo never asks again after a DONT_HAVE, but does after silence. The wants
 * stay, so that a late block is still delivered.
 */
export function settleIfCertain (state: State, fetch: Fetch): boolean {
  if (fetch.state !== 'exhausted') {
    return false
  }

  if (fetch.restricted > 0) {
    return settleEach(state, fetch)
  }

  if (!isCertain(state, fetch)) {
    return false
  }

  for (const want of waiters(fetch)) {
    if (!want.haveSent && !want.dontHaveSent) {
      sendDontHave(state, want)
    }
  }

  return true
}

/** Sends DONT_HAVE to each waiter whose own members are certain; true: they are for all waiters. */
function settleEach (state: State, fetch: Fetch): boolean {
  let all = true

  for (const want of waiters(fetch)) {
    const certain = isCertain(state, fetch, want.only)

    if (certain && !want.haveSent && !want.dontHaveSent) {
      sendDontHave(state, want)
    }

    all &&= certain
  }

  return all
}

/** Asks again: members that have not answered, or if there are none, all but those whose DONT_HAVE still holds. */
export function reconsider (state: State, fetch: Fetch): void {
  fetch.tries = 0
  toQueued(state, fetch)
  dropStaleAnswers(state, fetch)

  if (askableMembers(state).some(member => answerOf(fetch, member) == null && !isBarred(state, fetch, member))) {
    return
  }

  for (const member of answeredMembers(fetch)) {
    const what = answerOf(fetch, member)?.what

    if (what !== 'have' && (what !== 'dont-have' || !isStanding(fetch, member))) {
      forgetAnswer(fetch, member)
      cancelStanding(state, fetch, member)
    }
  }
}

/**
 * A client asks again for an exhausted fetch: it gets DONT_HAVE if that is certain; otherwise members are
 * asked again. `forgot`: some answers were too old to count.
 */
export function askedAgain (state: State, fetch: Fetch, forgot: boolean): void {
  if (!forgot && settleIfCertain(state, fetch)) {
    return
  }

  const { askAgain } = fetch
  const since = askAgain == null ? Infinity : state.now() - (askAgain.at - askAgain.delay)

  if (forgot || since >= LEAST_WAIT) {
    reconsider(state, fetch)
  }
}

/** A member can be asked again: so are the exhausted fetches that it may serve, a slice with each flush. */
export function wakeExhausted (state: State, member: EngineMember): void {
  if (!isAskable(member)) {
    return
  }

  state.reviews.begin(`wake ${member.id}`, state.fetches.exhausted, fetch => {
    // the member may be gone again before the last slice
    if (isAskable(member) && answerOf(fetch, member)?.what !== 'dont-have' && isUsable(fetch, member)) {
      reconsider(state, fetch)
    }
  })
}

/** What a member that is down or removed may hold no longer counts: more DONT_HAVEs may be certain. */
export function settleExhausted (state: State): void {
  state.reviews.begin('settle', state.fetches.exhausted, fetch => { settleIfCertain(state, fetch) })
}

/** Forgets the answers of members that were removed. */
function dropStaleAnswers ({ members }: State, fetch: Fetch): void {
  for (const member of answeredMembers(fetch)) {
    if (members.get(member.id) !== member) {
      forgetAnswer(fetch, member)
    }
  }
}

/**
 * Forgets answers that are too old to count for a client that asks now. A HAVE never ages, nor does the DONT_HAVE of a
 * member that keeps the want, since that member sends the block when it gets it. Failures age, too: otherwise a client that
 * asks often would only have members asked again that said DONT_HAVE.
 *
 * @returns whether something was forgotten
 */
export function forgetOldAnswers (state: State, fetch: Fetch): boolean {
  const { absenceLifetime } = state.limits
  let forgot = false

  for (const member of answeredMembers(fetch)) {
    const answer = answerOf(fetch, member)

    if (answer == null || answer.what === 'have') {
      continue
    }

    const absent = answer.what === 'dont-have'
    const lifetime = absent ? absenceLifetime : Math.max(absenceLifetime, LEAST_WAIT)

    if (answer.at <= state.now() - lifetime && !(absent && isStanding(fetch, member))) {
      forgetAnswer(fetch, member)
      cancelStanding(state, fetch, member)
      forgot = true
    }
  }

  return forgot
}
