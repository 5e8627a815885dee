/**
 * The life of a want: it arrives with a client's message, joins or begins the
 * fetch of its multihash, may come to ask for more, and ends once, with an outcome.
 */
import { identityData, multihashKey } from '@kitsune/bitswap-codec'
import { cancelAttempt, cancelHedge, mayUpgrade, passAttempts, upgradeAttempt } from './attempts.ts'
import { addWant, removeWant } from './clients.ts'
import { retract, sendBlock, sendHave } from './deliveries.ts'
import { askedAgain } from './exhaustion.ts'
import { holders, isOwed, link, unlink } from './fetch.ts'
import { beginFetch, endFetch, passFetch, queueWant, toQueued } from './fetches.ts'
import { onMemberWants, releaseLone } from './loops.ts'
import { cancelAllStanding } from './standing.ts'
import type { Client, ClientWant, Fetch, State } from './model.ts'
import type { WantEnd } from './status.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** A want that is new: it joins the fetch of its multihash, or begins it. */
export function createWant (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void {
  const now = state.now()
  const cid = entry.cid.slice()
  const fetch = fetchOf(state, key, cid)
  if (!fetch.verifiable) {
    state.totals.unverifiableWants++
  }
  joinFetch(state, {
    client,
    key,
    cid,
    type: entry.wantType,
    priority: entry.priority,
    sendDontHave: entry.sendDontHave,
    haveSent: false,
    dontHaveSent: false,
    presence: undefined,
    askedAt: now,
    blockAskedAt: now,
    answeredAt: undefined,
    expires: now + state.limits.wantLifetime,
    connection,
    fetch,
    sibling: undefined,
    nextWaiter: undefined,
    previousWaiter: undefined
  })
}

/** A suspended want goes on, as if it were asked for anew; what had not left when it was suspended is said. */
export function resumeWant (state: State, want: ClientWant): void {
  const { presence } = want
  want.client.suspended.delete(multihashKey(want.cid))
  want.presence = undefined
  want.expires = state.now() + state.limits.wantLifetime
  if (presence?.have === false) {
    want.dontHaveSent = false
  }
  want.fetch = fetchOf(state, want.key, want.cid)
  joinFetch(state, want)
  if (presence?.have === true) {
    sendHave(state, want)
  }
}

/** A want rests, with the connection on which it came; there is no place for more than a client may have. */
export function suspendWant (state: State, want: ClientWant): void {
  const { suspended } = want.client
  if (suspended.size >= state.limits.wantsPerClient) {
    state.totals.evicted++
    endWant(state, want, 'evicted')
    return
  }
  // what has not left is still to be said when it comes back
  want.presence = retract(state, want)
  leaveFetch(state, want)
  suspended.set(multihashKey(want.cid), want)
}

/** The CID is the block: no member has to be asked. */
export function serveIdentity (state: State, client: Client, entry: WantEntry): void {
  const cid = entry.cid.slice()
  const bytes = identityData(cid) ?? new Uint8Array()
  const sent = sendBlock(state, client, cid, bytes)
  reportEnd(state, unheldWant(state, client, entry), sent ? 'block' : 'refused', { bytes: sent ? bytes.byteLength : 0 })
}

/** A client has too many wants, and this one weighs least. */
export function refuseWant (state: State, client: Client, entry: WantEntry): void {
  reportEnd(state, unheldWant(state, client, entry), 'refused')
}

/** A want that is answered or refused on the spot. */
function unheldWant (state: State, client: Client, { cid, wantType, sendDontHave }: WantEntry): EndedWant {
  const now = state.now()
  return { client, cid: cid.slice(), type: wantType, sendDontHave, askedAt: now, blockAskedAt: now, answeredAt: undefined, haveSent: false, dontHaveSent: false }
}

/** The fetch of a multihash, a new one if no client waits for it. */
function fetchOf (state: State, key: WantKey, cid: Uint8Array): Fetch {
  const fetch = state.fetches.all.get(key)
  if (fetch != null) {
    state.totals.coalesced++
  }
  return fetch ?? beginFetch(state, key, cid)
}

/** Puts a want on its client's list, and on its fetch. */
function joinFetch (state: State, want: ClientWant): void {
  const { client, fetch } = want
  // another client wants now what only a member wanted, which was not asked for that
  const only = fetch.first?.client.member
  const company = only != null && only !== client.member

  addWant(state, want)
  link(fetch, want)
  if (company && fetch.state === 'exhausted') {
    toQueued(state, fetch)
  }
  pursue(state, fetch, want)
}

/** The same want again: it lives on, and may now ask for more. */
export function repeatWant (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void {
  const { client } = want
  want.connection = connection
  want.priority = entry.priority
  want.sendDontHave = entry.sendDontHave
  want.expires = state.now() + state.limits.wantLifetime
  // to the end of the order in which wants expire
  client.wants.delete(want)
  client.wants.add(want)
  // a client that asks again did not keep the answer, and a DONT_HAVE that has not left is of a time before it asked
  if (want.presence?.have === false) {
    retract(state, want)
  }
  want.dontHaveSent = false
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

/** Brings a fetch to where this want needs it to be. */
function pursue (state: State, fetch: Fetch, want: ClientWant): void {
  const upgrade = want.type === 'block' && fetch.type === 'have'
  if (upgrade) {
    fetch.type = 'block'
  }
  switch (fetch.state) {
    case 'queued':
      if (isOwed(want)) { // one that comes back may have its HAVE
        queueWant(state, want)
      }
      break
    case 'open':
      if (upgrade && fetch.primary?.type === 'have' && mayUpgrade(state, fetch.primary)) {
        cancelHedge(state, fetch)
        upgradeAttempt(state, fetch.primary)
      }
      onMemberWants(state, fetch, want.client.member)
      break
    case 'satisfied':
      pursueSatisfied(state, fetch, want)
      break
    case 'exhausted':
      askedAgain(state, fetch)
      break
    default: // backlogged, retrying: it is on its way
  }
}

function pursueSatisfied (state: State, fetch: Fetch, want: ClientWant): void {
  const [holder] = holders(fetch)
  if (want.type === 'have' && holder != null) {
    sendHave(state, want)
  }
  if (want.type === 'block' || !want.haveSent) {
    toQueued(state, fetch)
  }
}

/** Why a want ends, if it is not by an answer that it got before. */
export type EndReason = Extract<WantEnd['outcome'], 'block' | 'cancelled' | 'evicted' | 'expired' | 'refused' | 'gone'>

/** Ends a want: it leaves its client's list and its fetch, and what became of it is told. */
export function endWant (state: State, want: ClientWant, why: EndReason, served?: Served): void {
  reportEnd(state, want, why, served)
  leaveFetch(state, want)
}

/** Takes a want off its client's list and off its fetch; the last to leave ends the fetch. */
function leaveFetch (state: State, want: ClientWant): void {
  const { fetch, client } = want
  retract(state, want) // the same want asked anew is answered anew
  removeWant(state, want)
  unlink(fetch, want)
  const to = fetch.first?.client
  if (to == null) {
    dropFetch(state, fetch)
    return
  }
  if (to !== client) {
    passAttempts(state, fetch, client, to)
    passFetch(state, fetch, client, to)
  }
  releaseLone(state, fetch)
}

/** A suspended want ends. */
export function endSuspended (state: State, client: Client, id: string, why: EndReason): void {
  const want = client.suspended.get(id)
  if (want != null) {
    client.suspended.delete(id)
    reportEnd(state, want, why)
  }
}

/** Takes a fetch off everything; members that have it open or standing are told. */
function dropFetch (state: State, fetch: Fetch): void {
  cancelHedge(state, fetch)
  if (fetch.primary != null) {
    cancelAttempt(state, fetch.primary)
  }
  cancelAllStanding(state, fetch)
  endFetch(state, fetch)
}

interface Served { readonly member?: string, readonly bytes: number }

type EndedWant = Pick<ClientWant, 'client' | 'cid' | 'type' | 'sendDontHave' | 'askedAt' | 'blockAskedAt' | 'answeredAt' | 'haveSent' | 'dontHaveSent'>

/** Tells what became of a want. */
function reportEnd (state: State, want: EndedWant, why: EndReason, served?: Served): void {
  const { client, cid, type, askedAt, blockAskedAt, answeredAt, haveSent, dontHaveSent, sendDontHave } = want
  const now = state.now()
  let outcome: WantEnd['outcome'] = why
  if (why !== 'block' && haveSent) {
    outcome = 'have'
  } else if (why !== 'block' && dontHaveSent && sendDontHave) {
    outcome = 'dont-have'
  }
  const answered = why === 'block' ? answeredAt ?? now : answeredAt
  state.ends.push({
    client: client.id,
    cid,
    type,
    outcome,
    bytes: served?.bytes ?? 0,
    member: served?.member,
    ms: now - askedAt,
    firstAnswerMs: answered == null ? undefined : answered - askedAt,
    blockMs: why === 'block' ? now - blockAskedAt : undefined
  })
}
