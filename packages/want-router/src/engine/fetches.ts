/**
 * The states of fetches, and the sets that mirror them. No other module changes a fetch's
 * state or writes these sets, so the two cannot disagree: each change first removes the
 * fetch from the sets of its old state.
 */
import { createAskAgain } from './ask-again.ts'
import { joinBacklog, leaveBacklog } from './backlogs.ts'
import { createFetch, isOwed, waiters } from './fetch.ts'
import { hashString } from './hash.ts'
import { giveRound } from './rounds.ts'
import type { Client, ClientWant, Eligible, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Begins the search for a multihash: queued, without a waiter yet. `strict`: only at these members. */
export function beginFetch (state: State, key: WantKey, head: string, strict?: Eligible): Fetch {
  const fetch = createFetch(key, hashString(key, state.seed), head, state.verifiable(key), strict)
  state.fetches.all.set(fetchName(key, strict), fetch)

  if (strict != null) {
    const { strict: byKey } = state.fetches
    byKey.set(key, (byKey.get(key) ?? new Set()).add(fetch))
  }

  return fetch
}

/** The key of a fetch in the map of all fetches. A multihash states its length, so a longer key cannot be another multihash. */
export function fetchName (key: WantKey, strict: Eligible | undefined): string {
  return strict == null ? key : key + strict.id
}

/** Makes the stand-in for a fetch while a want waits for a verdict: no other want joins it. */
export function beginParked (state: State, key: WantKey, head: string): Fetch {
  const fetch = createFetch(key, 0, head, true)
  fetch.state = 'parked'
  state.parked.wants++

  return fetch
}

/** Puts a fetch into the queue of every client that it owes something; if it owes none anything, it is satisfied. */
export function toQueued (state: State, fetch: Fetch): void {
  if (!owes(fetch)) {
    toSatisfied(state, fetch)

    return
  }

  leave(state, fetch)
  fetch.state = 'queued'

  for (const want of waiters(fetch)) {
    if (isOwed(want)) {
      queueWant(state, want)
    }
  }
}

/** Whether some waiter has not yet received what it asks for. */
function owes (fetch: Fetch): boolean {
  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (isOwed(want)) {
      return true
    }
  }

  return false
}

/** Stops the search of a fetch that owes no waiter anything: a waiter that was owed something has left, and all others have their HAVE. */
export function toRest (state: State, fetch: Fetch): void {
  if ((fetch.state === 'queued' || fetch.state === 'backlogged' || fetch.state === 'retrying') && !owes(fetch)) {
    toSatisfied(state, fetch)
  }
}

/** Makes a want of a queued fetch wait for its client's round. */
export function queueWant (state: State, want: ClientWant): void {
  want.client.queue.add(want)
  giveRound(state, want.client)
}

/** An attempt has been opened. */
export function toOpen (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'open'
}

/** The next member has no capacity: the fetch waits for it, on the account of that client. */
export function toBacklogged (state: State, fetch: Fetch, member: EngineMember, client: Client): void {
  if (fetch.backlog?.member === member && fetch.backlog.client === client) {
    return // the fetch keeps its place
  }

  leave(state, fetch)
  fetch.state = 'backlogged'
  joinBacklog(state, fetch, member, client)
}

/**
 * Makes a fetch continue with another member in the next flush: its last attempt did not fail, or its failure
 * is exempt from the budget.
 */
export function toContinuing (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'retrying'
  state.fetches.continuing.add(fetch)
  toRest(state, fetch)
}

/** An attempt failed: another member is asked when the retry budget allows. */
export function toDelayed (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'retrying'
  state.fetches.delayed.add(fetch)
  toRest(state, fetch)
}

/** No member is left to ask: the fetch is asked again after `delay` ms, on the account of its first waiter's client. Infinity: never. */
export function toExhausted (state: State, fetch: Fetch, delay: number): void {
  leave(state, fetch)
  fetch.state = 'exhausted'
  fetch.order = undefined
  state.fetches.exhausted.add(fetch)
  const client = fetch.first?.client

  if (client != null && delay < Infinity) {
    chargeAskAgain(state, fetch, client, delay)
  }
}

/** All waiters have their HAVE. */
function toSatisfied (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'satisfied'
  fetch.order = undefined
  state.fetches.satisfied++
}

/** Ends a fetch whose last waiter has left. Its attempts have ended already. */
export function endFetch (state: State, fetch: Fetch): void {
  leave(state, fetch)

  if (fetch.state !== 'parked') {
    state.fetches.all.delete(fetchName(fetch.key, fetch.strict))
    forgetStrict(state, fetch)
  }
}

function forgetStrict ({ fetches: { strict } }: State, fetch: Fetch): void {
  const beside = fetch.strict == null ? undefined : strict.get(fetch.key)

  if (beside?.delete(fetch) === true && beside.size === 0) {
    strict.delete(fetch.key)
  }
}

/** A client no longer waits: the backlog or the date for asking again passes to the account of one that does. */
export function passFetch (state: State, fetch: Fetch, from: Client, to: Client): void {
  const { backlog, askAgain } = fetch

  if (backlog?.client === from) {
    toBacklogged(state, fetch, backlog.member, to)
  } else if (askAgain?.client === from) {
    leaveAskAgain(fetch)
    chargeAskAgain(state, fetch, to, askAgain.delay)
  }
}

/** Whether members are being asked for a fetch, or may be without a further event. */
export function isActive ({ state }: Fetch): boolean {
  return state !== 'exhausted' && state !== 'satisfied'
}

/** How many fetches are active, parked ones included. */
export function activeFetches ({ fetches, parked }: State): number {
  return fetches.all.size - fetches.exhausted.size - fetches.satisfied + parked.wants
}

/** Removes a fetch from the sets of its state. */
function leave (state: State, fetch: Fetch): void {
  switch (fetch.state) {
    case 'queued':
      for (let want = fetch.first; want != null; want = want.nextWaiter) {
        want.client.queue.delete(want)
      }

      break
    case 'backlogged':
      if (fetch.backlog != null) {
        leaveBacklog(state, fetch.backlog)
      }

      break
    case 'retrying':
      state.fetches.continuing.delete(fetch)
      state.fetches.delayed.delete(fetch)
      break
    case 'exhausted':
      state.fetches.exhausted.delete(fetch)
      leaveAskAgain(fetch)
      break
    case 'satisfied':
      state.fetches.satisfied--
      break
    case 'parked':
      state.parked.wants--
      break
    default: // open: `endAttempt` closes the attempt
  }
}

function chargeAskAgain (state: State, fetch: Fetch, client: Client, delay: number): void {
  fetch.askAgain = { client, delay, at: state.now() + delay }
  client.askAgain ??= createAskAgain()
  client.askAgain.add(fetch, delay)
  state.clientTimers.touch(client)
}

function leaveAskAgain (fetch: Fetch): void {
  if (fetch.askAgain != null) {
    const { client, delay } = fetch.askAgain
    client.askAgain?.delete(fetch, delay)
    fetch.askAgain = undefined
  }
}
