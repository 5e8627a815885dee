/**
 * How a want ends: it leaves its client's list and its fetch, which passes to those that still wait or ends with it, and
 * how it ended is reported once.
 */
import { identityData } from '@kitsune/bitswap-codec'
import { cancelAttempt, cancelHedge, goOn, passAttempt, passAttempts } from './attempts.ts'
import { removeWant } from './clients.ts'
import { retract, sendBlock } from './deliveries.ts'
import { heirAt, isUsable } from './eligibility.ts'
import { answeredMembers, isOwed, unlink } from './fetch.ts'
import { endFetch, passFetch, toGoingOn, toRest } from './fetches.ts'
import { releaseLone } from './loops.ts'
import { cancelAllStanding, cancelStanding } from './standing.ts'
import type { Client, ClientWant, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { WantEnd } from './status.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** Why a want ends, if it is not by an answer that it got before. */
export type EndReason = Extract<WantEnd['outcome'], 'block' | 'cancelled' | 'evicted' | 'expired' | 'refused' | 'gone'>

/** By which member a want was served, or how a policy refused it. */
export type EndDetails = Partial<Pick<WantEnd, 'member' | 'bytes' | 'verdict'>>

type EndedWant = Pick<ClientWant, 'client' | 'cid' | 'type' | 'sendDontHave' | 'askedAt' | 'blockAskedAt' | 'answeredAt' | 'haveSent' | 'dontHaveSent'>

/** Ends a want: it leaves its client's list and its fetch, and how it ended is reported. */
export function endWant (state: State, want: ClientWant, why: EndReason, how?: EndDetails): void {
  reportEnd(state, want, why, how)
  leaveFetch(state, want)
}

/** Takes a want off its client's list and off its fetch; the last to leave ends the fetch. */
export function leaveFetch (state: State, want: ClientWant): void {
  const { fetch, client } = want
  retract(state, want) // a client that asks for the same want again is answered again
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

  if (isOwed(want)) {
    toRest(state, fetch)
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

/** Takes a fetch off everything; members that have it open or standing are told. */
function dropFetch (state: State, fetch: Fetch): void {
  cancelHedge(state, fetch)

  if (fetch.primary != null) {
    cancelAttempt(state, fetch.primary)
  }

  cancelAllStanding(state, fetch)
  endFetch(state, fetch)
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

/** Reports how a want ended, if a listener or a tap wants to know. */
export function reportEnd (state: State, want: EndedWant, why: EndReason, how?: EndDetails): void {
  if (!state.wantsEnds()) {
    return
  }

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
