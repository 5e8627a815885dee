/**
 * How a fetch that has begun continues with its next member: at once, or within the retry
 * budget.
 */
import { assign } from './assignment.ts'
import { hasWindow } from './clients.ts'
import { toQueued } from './fetches.ts'
import { isSpent } from './rounds.ts'
import type { Fetch } from './model.ts'
import type { State } from './state.ts'

/** Asks the next member for fetches whose attempt ended without failing, or whose member was lost: in this flush. */
export function continueNow (state: State): void {
  for (const fetch of state.fetches.continuing) {
    if (isSpent(state.scheduler)) {
      return
    }

    attemptAgain(state, fetch)
  }
}

/** Asks the next member for fetches whose attempt failed, as far as the retry budget allows. */
export function retryWithinBudget (state: State): void {
  for (const fetch of state.fetches.delayed) {
    if (isSpent(state.scheduler) || !state.retryBudget.spend(state.now())) {
      return
    }

    state.totals.retries++
    attemptAgain(state, fetch, true)
  }
}

/** Asks the next member. A fetch had its round when it began; it waits for another round only if the window of its client is full now. */
export function attemptAgain (state: State, fetch: Fetch, retry = false): void {
  const client = fetch.first?.client

  if (client != null && hasWindow(state, client)) {
    assign(state, fetch, client, retry)
  } else {
    toQueued(state, fetch)
  }
}
