/**
 * The life of a want: it arrives with a client's message, joins or begins the fetch of
 * its multihash, and may later ask for more. How it ends: `want-ends.ts`.
 */
import { cancelHedge, mayUpgrade, upgradeAttempt } from './attempts.ts'
import { tellCertain } from './certainty.ts'
import { headOf } from './cid-head.ts'
import { addWant } from './clients.ts'
import { retract, sendHave } from './deliveries.ts'
import { hasUntried, isSameEligible } from './eligibility.ts'
import { askedAgain, forgetOldAnswers } from './exhaustion.ts'
import { holders, isFresh, isOwed, link, mayUse, unlink } from './fetch.ts'
import { beginFetch, endFetch, fetchName, queueWant, toQueued, toRest } from './fetches.ts'
import { onMemberWants } from './loops.ts'
import { leaveFetch } from './want-ends.ts'
import { newWant } from './want.ts'
import type { Client, ClientWant, Eligible, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** Makes a new want: it joins the fetch of its multihash, or begins it. */
export function createWant (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void {
  const head = headOf(entry.cid, key)
  const fetch = fetchOf(state, key, head)
  countVerifiable(state, fetch)
  joinFetch(state, newWant(state, client, fetch, head, entry, connection))
}

/** The fetch of a multihash, for a strict want the one for its set of members; a new fetch if there is none. */
export function fetchOf (state: State, key: WantKey, head: string, only?: Eligible): Fetch {
  const strict = only?.strict === true ? only : undefined
  const fetch = state.fetches.all.get(fetchName(key, strict))

  if (fetch != null) {
    state.totals.coalesced++
  }

  return fetch ?? beginFetch(state, key, head, strict)
}

function countVerifiable (state: State, { verifiable }: Fetch): void {
  if (!verifiable) {
    state.totals.unverifiableWants++
  }
}

/** Adds a want to its client's list and to its fetch. */
export function joinFetch (state: State, want: ClientWant): void {
  addWant(state, want)
  linkFetch(state, want)
}

/** Moves a want that was parked to the fetch of its multihash. */
export function enterFetch (state: State, want: ClientWant, only: Eligible | undefined): void {
  unlink(want.fetch, want)
  endFetch(state, want.fetch)
  want.only = only
  want.fetch = fetchOf(state, want.key, want.head, only)
  countVerifiable(state, want.fetch)
  linkFetch(state, want)
}

function linkFetch (state: State, want: ClientWant): void {
  const { client, fetch } = want
  // only a member wanted this block so far, and it was not asked for it; now another client wants it too
  const only = fetch.first?.client.member
  const joinsMember = only != null && only !== client.member

  link(fetch, want)

  if (joinsMember && fetch.state === 'exhausted') {
    toQueued(state, fetch)
  }

  pursue(state, fetch, want)
}

/** Renews a want that the client repeats, with its last priority and flags. */
export function renewWant (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void {
  const { client } = want
  want.connection = connection
  want.priority = entry.priority
  want.sendDontHave = entry.sendDontHave
  want.expires = state.now() + state.limits.wantLifetime
  // it is now the last to expire
  client.wants.delete(want)
  client.wants.add(want)
}

/** Handles a want that the client repeats, which may now ask for more. */
export function repeatWant (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void {
  renewWant(state, want, entry, connection)
  clearDontHave(state, want)

  if (entry.wantType === 'block') {
    if (want.type === 'have') {
      want.type = 'block'
      want.blockAskedAt = state.now()
    }
  } else if (want.haveSent) {
    sendHave(state, want)

    return
  }

  pursue(state, want.fetch, want)
}

/**
 * Prepares a want for another DONT_HAVE: a client that asks again did not keep the answer, and a DONT_HAVE
 * that has not left yet is older than its question.
 */
export function clearDontHave (state: State, want: ClientWant): void {
  if (want.presence?.have === false) {
    retract(state, want)
  }

  want.dontHaveSent = false
}

/** Upgrades a want to a want-block, for which it may use those members. */
export function upgradeWant (state: State, want: ClientWant, only: Eligible | undefined): void {
  clearDontHave(state, want)

  if (isSameEligible(only, want.only)) {
    want.type = 'block'
    pursue(state, want.fetch, want)

    return
  }

  moveWant(state, want, only, 'block')
}

/** Moves a want that may now use other members to another fetch: it starts over. */
export function moveWant (state: State, want: ClientWant, only: Eligible | undefined, type: AskType): void {
  leaveFetch(state, want)
  want.type = type
  want.only = only
  want.expires = state.now() + state.limits.wantLifetime
  want.fetch = fetchOf(state, want.key, want.head, only)
  joinFetch(state, want)
}

/** Makes a fetch do what this want needs. */
function pursue (state: State, fetch: Fetch, want: ClientWant): void {
  const upgrade = want.type === 'block' && fetch.type === 'have'

  if (upgrade) {
    fetch.type = 'block'
  }

  const forgot = !isFresh(fetch) && forgetOldAnswers(state, fetch)

  switch (fetch.state) {
    case 'queued':
      if (isOwed(want)) {
        queueWant(state, want)
      } else { // a resumed want may have its HAVE already
        toRest(state, fetch)
      }

      break
    case 'open':
      if (upgrade && fetch.primary?.type === 'have' && mayUse(want, fetch.primary.member) && mayUpgrade(state, fetch.primary)) {
        cancelHedge(state, fetch)
        upgradeAttempt(state, fetch.primary)
      }

      onMemberWants(state, fetch, want.client.member)
      tellCertain(state, fetch)
      break
    case 'satisfied':
      pursueSatisfied(state, fetch, want)
      break
    case 'exhausted':
      if (fetch.restricted > 0 && hasUntried(state, fetch, want)) {
        toQueued(state, fetch)
      } else {
        askedAgain(state, fetch, forgot)
      }

      break
    default: // backlogged and retrying: it continues by itself; parked: it waits for its verdict
  }
}

function pursueSatisfied (state: State, fetch: Fetch, want: ClientWant): void {
  for (const holder of want.type === 'have' ? holders(fetch) : []) {
    if (mayUse(want, holder)) {
      sendHave(state, want)
      break
    }
  }

  if (isOwed(want)) {
    toQueued(state, fetch)
  }
}
