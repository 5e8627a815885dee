/**
 * The states of fetches, and the sets that mirror them. Nothing else moves a
 * fetch or writes these sets, so the two cannot disagree: each move first takes
 * the fetch out of what its old state names.
 */
import { createAskAgain } from './ask-again.ts'
import { joinBacklog, leaveBacklog } from './backlogs.ts'
import { createFetch, isOwed, waiters } from './fetch.ts'
import { hashString } from './hash.ts'
import { giveRound } from './rounds.ts'
import type { Client, ClientWant, Eligible, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Begins the search for a multihash: queued, without a waiter yet. `strict`: at these members alone. */
export function beginFetch (state: State, key: WantKey, head: string, strict?: Eligible): Fetch {
  const fetch = createFetch(key, hashString(key, state.seed), head, state.verifiable(key), strict)
  state.fetches.all.set(fetchName(key, strict), fetch)

  if (strict != null) {
    const { strict: byKey } = state.fetches
    byKey.set(key, (byKey.get(key) ?? new Set()).add(fetch))
  }

  return fetch
}

/** The name of a fetch among all. A multihash states its own length, so a name that goes on after it cannot be another multihash. */
export function fetchName (key: WantKey, strict: Eligible | undefined): string {
  return strict == null ? key : key + strict.id
}

/** Stands in for a fetch while a want waits for a verdict: no other want joins it. */
export function beginParked (state: State, key: WantKey, head: string): Fetch {
  const fetch = createFetch(key, 0, head, true)
  fetch.state = 'parked'
  state.parked.wants++

  return fetch
}

/** Puts a fetch into the queue of every client that it owes something; if all have what they ask for, it is satisfied. */
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

/** Whether some waiter has not been told yet what it asks for. */
function owes (fetch: Fetch): boolean {
  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (isOwed(want)) {
      return true
    }
  }

  return false
}

/** A waiter that was owed something has left. If all others have their HAVE, the router stops looking. */
export function toRest (state: State, fetch: Fetch): void {
  if ((fetch.state === 'queued' || fetch.state === 'backlogged' || fetch.state === 'retrying') && !owes(fetch)) {
    toSatisfied(state, fetch)
  }
}

/** A want of a queued fetch waits for its client's round. */
export function queueWant (state: State, want: ClientWant): void {
  want.client.queue.add(want)
  giveRound(state, want.client)
}

/** An attempt has been opened. */
export function toOpen (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'open'
}

/** The member that is next has no capacity: the fetch waits for it, on the account of that client. */
export function toBacklogged (state: State, fetch: Fetch, member: EngineMember, client: Client): void {
  if (fetch.backlog?.member === member && fetch.backlog.client === client) {
    return // it keeps its place
  }

  leave(state, fetch)
  fetch.state = 'backlogged'
  joinBacklog(state, fetch, member, client)
}

/** To go on with another member in the next flush: what went before is no failure, or one that is exempt from the budget. */
export function toGoingOn (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'retrying'
  state.fetches.goingOn.add(fetch)
  toRest(state, fetch)
}

/** To be asked again within the retry budget: a try failed. */
export function toDelayed (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'retrying'
  state.fetches.delayed.add(fetch)
  toRest(state, fetch)
}

/** Nothing is left to ask; the client will have it asked again after `delay` ms, Infinity: never. */
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

/** All that wait have their HAVE. */
function toSatisfied (state: State, fetch: Fetch): void {
  leave(state, fetch)
  fetch.state = 'satisfied'
  fetch.order = undefined
  state.fetches.satisfied++
}

/** The last waiter has left: the fetch is no more. Its attempts have ended before. */
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

/** A client no longer waits: what was on its account passes to one that does. */
export function passFetch (state: State, fetch: Fetch, from: Client, to: Client): void {
  const { backlog, askAgain } = fetch

  if (backlog?.client === from) {
    toBacklogged(state, fetch, backlog.member, to)
  } else if (askAgain?.client === from) {
    leaveAskAgain(fetch)
    chargeAskAgain(state, fetch, to, askAgain.delay)
  }
}

/** Whether a fetch is being looked for, or may come to be. */
export function isActive ({ state }: Fetch): boolean {
  return state !== 'exhausted' && state !== 'satisfied'
}

/** How many fetches are being looked for, or may come to be. */
export function activeFetches ({ fetches, parked }: State): number {
  return fetches.all.size - fetches.exhausted.size - fetches.satisfied + parked.wants
}

/** Takes a fetch out of the sets of its state. */
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
      state.fetches.goingOn.delete(fetch)
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
    default: // open: the attempt has its own end
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
