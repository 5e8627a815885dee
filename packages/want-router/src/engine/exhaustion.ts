/**
 * Fetches for which there is nothing left to do but wait: for a late block, a
 * recovery, or the time at which they are asked again.
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

// ms before a fetch that failed everywhere is asked again for the first time; doubled each time that it comes to nothing
const FIRST_WAIT = 2000
// of a client that asks again and again for what failed, ms
const LEAST_WAIT = 1000

/** Tries have failed; members that have not answered may still be well. */
export function giveUp (state: State, fetch: Fetch): void {
  toExhausted(state, fetch, Math.min(state.limits.askAgainAfter, FIRST_WAIT * 2 ** Math.min(fetch.exhaustions, 16)))
  fetch.exhaustions++
}

/** Every member that may be asked has answered. */
export function exhaust (state: State, fetch: Fetch): void {
  giveUp(state, fetch)

  if (settleIfCertain(state, fetch)) {
    toExhausted(state, fetch, fetch.verifiable ? state.limits.askAgainAfter : Infinity)
  }
}

/**
 * DONT_HAVE leaves only here: every configured member is certain, those that are
 * down or ejected included, or no block could be verified. boxo never asks again after a DONT_HAVE, but does
 * after silence. The wants stay, so that a late block is still delivered.
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

/** Each waiter by the members that it may use; true: all is certain for all of them. */
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

/** Asks again: members that have not answered, or if there are none, all but those that are still certain. */
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

/** A client asks again for what is exhausted: it is told what is certain, and the rest is tried again; `forgot`: some answers were too old to count. */
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

/** A member has become able to answer: what waits for such a moment is asked again, a slice a flush. */
export function wakeExhausted (state: State, member: EngineMember): void {
  if (!isAskable(member)) {
    return
  }

  state.reviews.begin(`wake ${member.id}`, state.fetches.exhausted, fetch => {
    // it may be gone again before the last slice
    if (isAskable(member) && answerOf(fetch, member)?.what !== 'dont-have' && isUsable(fetch, member)) {
      reconsider(state, fetch)
    }
  })
}

/** What a member that is down or was removed may have no longer counts: more DONT_HAVEs are certain. */
export function settleExhausted (state: State): void {
  state.reviews.begin('settle', state.fetches.exhausted, fetch => { settleIfCertain(state, fetch) })
}

/** A fetch that lives on while members come and go keeps no answers of those that were removed. */
function dropStaleAnswers ({ members }: State, fetch: Fetch): void {
  for (const member of answeredMembers(fetch)) {
    if (members.get(member.id) !== member) {
      forgetAnswer(fetch, member)
    }
  }
}

/**
 * A client asks: old answers of members do not count for it. A DONT_HAVE of a member that keeps the want never ages, since that member sends the block if it gets it; neither does a HAVE.
 * Otherwise a client that asks often would only ever have those members asked again that said DONT_HAVE.
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
