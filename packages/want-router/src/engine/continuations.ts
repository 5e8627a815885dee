/**
 * How a fetch that has begun goes on with its next member: at once, or within the
 * retry budget.
 */
import { assign } from './assignment.ts'
import { hasWindow } from './clients.ts'
import { toQueued } from './fetches.ts'
import { isSpent } from './rounds.ts'
import type { Fetch } from './model.ts'
import type { State } from './state.ts'

/** What has an answer that is not a failure, or whose member was lost: in this flush. */
export function goOnNow (state: State): void {
  for (const fetch of state.fetches.goingOn) {
    if (isSpent(state.scheduler)) {
      return
    }

    attemptAgain(state, fetch)
  }
}

/** What has failed: as far as the retry budget allows. */
export function retryWithinBudget (state: State): void {
  for (const fetch of state.fetches.delayed) {
    if (isSpent(state.scheduler) || !state.retryBudget.spend(state.now())) {
      return
    }

    state.totals.retries++
    attemptAgain(state, fetch, true)
  }
}

/** Asks the next member. A fetch had its round when it began; only where the window of its client has filled since does it wait for another. */
export function attemptAgain (state: State, fetch: Fetch, retry = false): void {
  const client = fetch.first?.client

  if (client != null && hasWindow(state, client)) {
    assign(state, fetch, client, retry)
  } else {
    toQueued(state, fetch)
  }
}
