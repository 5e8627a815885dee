/**
 * How a want ends: it leaves its client's list and its fetch, and its end is reported once. A fetch without waiters ends
 * with it; otherwise attempts that were charged to its client are charged to other waiters.
 */
import { identityData } from '@kitsune/bitswap-codec'
import { cancelAttempt, cancelHedge, continueFetch, passAttempt, passAttempts } from './attempts.ts'
import { removeWant } from './clients.ts'
import { retract, sendBlock } from './deliveries.ts'
import { successorAt, isUsable } from './eligibility.ts'
import { answeredMembers, isOwed, unlink } from './fetch.ts'
import { endFetch, passFetch, toContinuing, toRest } from './fetches.ts'
import { releaseOnlyWaiter } from './loops.ts'
import { cancelAllStanding, cancelStanding } from './standing.ts'
import type { Client, ClientWant, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { WantEnd } from './status.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** Why a want ends. A presence that the client got before takes precedence in the report, except over a block or a refusal. */
export type EndReason = Extract<WantEnd['outcome'], 'block' | 'cancelled' | 'evicted' | 'expired' | 'refused' | 'gone'>

/** The member that served a want, or the policy's verdict that refused it. */
export type EndDetails = Partial<Pick<WantEnd, 'member' | 'bytes' | 'verdict'>>

type EndedWant = Pick<ClientWant, 'client' | 'cid' | 'type' | 'sendDontHave' | 'askedAt' | 'blockAskedAt' | 'answeredAt' | 'haveSent' | 'dontHaveSent'>

/** Ends a want: it leaves its client's list and its fetch, and how it ended is reported. */
export function endWant (state: State, want: ClientWant, why: EndReason, how?: EndDetails): void {
  reportEnd(state, want, why, how)
  leaveFetch(state, want)
}

/** Removes a want from its client's list and its fetch; a fetch ends with its last waiter. */
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

  releaseOnlyWaiter(state, fetch)
}

/** Charges what was charged to a waiter that has left to one that may use the same member; what no waiter may use is cancelled. */
function passRestricted (state: State, fetch: Fetch, from: Client, to: Client): void {
  for (const member of answeredMembers(fetch)) {
    if (!isUsable(fetch, member)) {
      cancelStanding(state, fetch, member)
    }
  }

  for (const attempt of [fetch.hedge, fetch.primary]) {
    const successor = attempt?.client === from ? successorAt(fetch, attempt.member, from) : from

    if (attempt != null && successor == null) {
      const wasPrimary = attempt === fetch.primary
      cancelAttempt(state, attempt)

      if (wasPrimary) {
        continueFetch(state, fetch)
      }
    } else if (attempt != null && successor != null && successor !== from) {
      passAttempt(state, attempt, successor)
    }
  }

  const { backlog } = fetch
  const waits = backlog?.client === from ? successorAt(fetch, backlog.member, from) : to

  if (waits == null) {
    toContinuing(state, fetch)
  } else if (waits !== from) {
    passFetch(state, fetch, from, waits)
  }
}

/** Ends a fetch without waiters; members that have it open or standing get a cancel. */
function dropFetch (state: State, fetch: Fetch): void {
  cancelHedge(state, fetch)

  if (fetch.primary != null) {
    cancelAttempt(state, fetch.primary)
  }

  cancelAllStanding(state, fetch)
  endFetch(state, fetch)
}

/** Serves a want whose CID contains the block: no member has to be asked. */
export function serveIdentity (state: State, client: Client, entry: WantEntry): void {
  const cid = entry.cid.slice()
  const bytes = identityData(cid) ?? new Uint8Array()
  const sent = sendBlock(state, client, cid, bytes)
  reportEnd(state, unheldWant(state, client, entry), sent ? 'block' : 'refused', { bytes: sent ? bytes.byteLength : 0 })
}

/** Refuses a new want of a client that has too many, since it has the lowest priority. */
export function refuseWant (state: State, client: Client, entry: WantEntry): void {
  reportEnd(state, unheldWant(state, client, entry), 'refused')
}

/** The report of a want that is answered or refused at once. */
function unheldWant (state: State, client: Client, { cid, wantType, sendDontHave }: WantEntry): EndedWant {
  const now = state.now()

  return { client, cid: cid.slice(), type: wantType, sendDontHave, askedAt: now, blockAskedAt: now, answeredAt: undefined, haveSent: false, dontHaveSent: false }
}

/** Reports how a want ended, while ends are reported. */
export function reportEnd (state: State, want: EndedWant, why: EndReason, how?: EndDetails): void {
  if (!state.wantsEnds()) {
    return
  }

  const { client, cid, type, askedAt, blockAskedAt, answeredAt, haveSent, dontHaveSent, sendDontHave } = want
  const now = state.now()
  let outcome: WantEnd['outcome'] = why

  if (why === 'block' || why === 'refused') {
    // these count, whatever presence was sent before
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
