/**
 * The life of a want: it arrives with a client's message, joins or begins the
 * fetch of its multihash, may come to ask for more, and ends once, with an outcome.
 */
import { identityData, multihashKey } from '@kitsune/bitswap-codec'
import { cancelAttempt, cancelHedge, goOn, mayUpgrade, passAttempt, passAttempts, upgradeAttempt } from './attempts.ts'
import { tellCertain } from './certainty.ts'
import { addWant, removeWant } from './clients.ts'
import { retract, sendBlock, sendHave } from './deliveries.ts'
import { hasUntried, heirAt, isSameEligible, isUsable } from './eligibility.ts'
import { askedAgain } from './exhaustion.ts'
import { answeredMembers, holders, isOwed, link, mayUse, unlink } from './fetch.ts'
import { beginFetch, beginParked, endFetch, fetchName, passFetch, queueWant, toGoingOn, toQueued } from './fetches.ts'
import { onMemberWants, releaseLone } from './loops.ts'
import { cancelAllStanding, cancelStanding } from './standing.ts'
import type { Client, ClientWant, Eligible, Fetch, State } from './model.ts'
import type { WantEnd } from './status.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** A want that is new: it joins the fetch of its multihash, or begins it. */
export function createWant (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void {
  const cid = entry.cid.slice()
  const fetch = fetchOf(state, key, cid)
  countVerifiable(state, fetch)
  joinFetch(state, newWant(state, client, fetch, cid, entry, connection))
}

/** The record of a want that is to join that fetch. */
export function newWant (state: State, client: Client, fetch: Fetch, cid: Uint8Array, entry: WantEntry, connection: number | undefined): ClientWant {
  const now = state.now()
  return {
    client,
    key: fetch.key,
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
    only: undefined,
    awaits: undefined,
    sibling: undefined,
    nextWaiter: undefined,
    previousWaiter: undefined
  }
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
  // one that was parked waits on
  const parked = want.awaits != null && want.fetch.state === 'parked'
  want.fetch = parked ? beginParked(state, want.key, want.cid) : fetchOf(state, want.key, want.cid, want.only)
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

/** The fetch of a multihash, a new one if no client waits for it; for a strict want one of its own set of members. */
function fetchOf (state: State, key: WantKey, cid: Uint8Array, only?: Eligible): Fetch {
  const strict = only?.strict === true ? only : undefined
  const fetch = state.fetches.all.get(fetchName(key, strict))
  if (fetch != null) {
    state.totals.coalesced++
  }
  return fetch ?? beginFetch(state, key, cid, strict)
}

function countVerifiable (state: State, { verifiable }: Fetch): void {
  if (!verifiable) {
    state.totals.unverifiableWants++
  }
}

/** Puts a want on its client's list, and on its fetch. */
export function joinFetch (state: State, want: ClientWant): void {
  addWant(state, want)
  linkFetch(state, want)
}

/** A want that was parked goes to the fetch of its multihash. */
export function enterFetch (state: State, want: ClientWant, only: Eligible | undefined): void {
  unlink(want.fetch, want)
  endFetch(state, want.fetch)
  want.only = only
  want.fetch = fetchOf(state, want.key, want.cid, only)
  countVerifiable(state, want.fetch)
  linkFetch(state, want)
}

function linkFetch (state: State, want: ClientWant): void {
  const { client, fetch } = want
  // another client wants now what only a member wanted, which was not asked for that
  const only = fetch.first?.client.member
  const company = only != null && only !== client.member

  link(fetch, want)
  if (company && fetch.state === 'exhausted') {
    toQueued(state, fetch)
  }
  pursue(state, fetch, want)
}

/** The same want again: it lives on, in the words that the client used last. */
export function renewWant (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void {
  const { client } = want
  want.connection = connection
  want.priority = entry.priority
  want.sendDontHave = entry.sendDontHave
  want.expires = state.now() + state.limits.wantLifetime
  // to the end of the order in which wants expire
  client.wants.delete(want)
  client.wants.add(want)
}

/** The same want again: it may now ask for more. */
export function repeatWant (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void {
  renewWant(state, want, entry, connection)
  askAnew(state, want)
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

/** A client that asks again did not keep the answer, and a DONT_HAVE that has not left is of a time before it asked. */
export function askAnew (state: State, want: ClientWant): void {
  if (want.presence?.have === false) {
    retract(state, want)
  }
  want.dontHaveSent = false
}

/** A want that may ask for more from now on. */
export function upgradeWant (state: State, want: ClientWant, only: Eligible | undefined): void {
  askAnew(state, want)
  if (isSameEligible(only, want.only)) {
    want.type = 'block'
    pursue(state, want.fetch, want)
    return
  }
  // it begins anew, where it may be asked for now
  const retracted = retract(state, want)
  leaveFetch(state, want)
  want.haveSent &&= retracted?.have !== true
  want.type = 'block'
  want.only = only
  want.expires = state.now() + state.limits.wantLifetime
  want.fetch = fetchOf(state, want.key, want.cid, only)
  joinFetch(state, want)
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
        askedAgain(state, fetch)
      }
      break
    default: // backlogged, retrying: it is on its way; parked: it is not
  }
}

function pursueSatisfied (state: State, fetch: Fetch, want: ClientWant): void {
  for (const holder of want.type === 'have' ? holders(fetch) : []) {
    if (mayUse(want, holder)) {
      sendHave(state, want)
      break
    }
  }
  if (want.type === 'block' || !want.haveSent) {
    toQueued(state, fetch)
  }
}

/** Why a want ends, if it is not by an answer that it got before. */
export type EndReason = Extract<WantEnd['outcome'], 'block' | 'cancelled' | 'evicted' | 'expired' | 'refused' | 'gone'>

/** Ends a want: it leaves its client's list and its fetch, and what became of it is told. */
export function endWant (state: State, want: ClientWant, why: EndReason, how?: EndDetails): void {
  reportEnd(state, want, why, how)
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
  if (fetch.restricted > 0) {
    passRestricted(state, fetch, client, to)
  } else if (to !== client) {
    passAttempts(state, fetch, client, to)
    passFetch(state, fetch, client, to)
  }
  releaseLone(state, fetch)
}

/** What was on the account of a waiter that has left goes to one that may use the same member; what none may use is taken back. */
function passRestricted (state: State, fetch: Fetch, from: Client, to: Client): void {
  for (const member of answeredMembers(fetch)) {
    if (!isUsable(fetch, member)) {
      cancelStanding(state, fetch, member)
    }
  }
  for (const attempt of [fetch.hedge, fetch.primary]) {
    const heir = attempt?.client === from ? heirAt(fetch, attempt.member, from) : from
    if (attempt != null && heir == null) {
      const wasPrimary = attempt === fetch.primary
      cancelAttempt(state, attempt)
      if (wasPrimary) {
        goOn(state, fetch)
      }
    } else if (attempt != null && heir != null && heir !== from) {
      passAttempt(state, attempt, heir)
    }
  }
  const { backlog } = fetch
  const waits = backlog?.client === from ? heirAt(fetch, backlog.member, from) : to
  if (waits == null) {
    toGoingOn(state, fetch)
  } else if (waits !== from) {
    passFetch(state, fetch, from, waits)
  }
}

/** A suspended want ends. */
export function endSuspended (state: State, client: Client, id: string, why: EndReason, how?: EndDetails): void {
  const want = client.suspended.get(id)
  if (want != null) {
    client.suspended.delete(id)
    reportEnd(state, want, why, how)
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

/** By which member a want was served, or how a policy kept it out. */
type EndDetails = Partial<Pick<WantEnd, 'member' | 'bytes' | 'verdict'>>

type EndedWant = Pick<ClientWant, 'client' | 'cid' | 'type' | 'sendDontHave' | 'askedAt' | 'blockAskedAt' | 'answeredAt' | 'haveSent' | 'dontHaveSent'>

/** Tells what became of a want. */
function reportEnd (state: State, want: EndedWant, why: EndReason, how?: EndDetails): void {
  const { client, cid, type, askedAt, blockAskedAt, answeredAt, haveSent, dontHaveSent, sendDontHave } = want
  const now = state.now()
  let outcome: WantEnd['outcome'] = why
  if (why === 'block' || why === 'refused') {
    // that counts, whatever was said before
  } else if (haveSent) {
    outcome = 'have'
  } else if (dontHaveSent && sendDontHave) {
    outcome = 'dont-have'
  }
  const answered = why === 'block' ? answeredAt ?? now : answeredAt
  state.ends.push({
    client: client.id,
    cid,
    type,
    outcome,
    verdict: how?.verdict,
    bytes: how?.bytes ?? 0,
    member: how?.member,
    ms: now - askedAt,
    firstAnswerMs: answered == null ? undefined : answered - askedAt,
    blockMs: why === 'block' ? now - blockAskedAt : undefined
  })
}
