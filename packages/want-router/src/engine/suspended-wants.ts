/**
 * A want is suspended while the connection that it came on is silent: it waits for no fetch, and resumes
 * when that connection is heard again.
 */
import { multihashKey } from '@kitsune/bitswap-codec'
import { retract, sendHave } from './deliveries.ts'
import { beginParked } from './fetches.ts'
import { endWant, leaveFetch, reportEnd } from './want-ends.ts'
import { fetchOf, joinFetch } from './wants.ts'
import type { Client, ClientWant } from './model.ts'
import type { State } from './state.ts'
import type { EndDetails, EndReason } from './want-ends.ts'

/** Suspends a want whose connection is silent; beyond the limit of wants of a client it is evicted. */
export function suspendWant (state: State, want: ClientWant): void {
  const { suspended } = want.client

  if (suspended.size >= state.limits.wantsPerClient) {
    state.totals.evicted++
    endWant(state, want, 'evicted')

    return
  }

  // a presence that has not left is sent when the want resumes
  want.presence = retract(state, want)
  leaveFetch(state, want)
  suspended.set(multihashKey(want.cid), want)
}

/** Resumes a suspended want, as if the client had asked again; a HAVE that had not left when it was suspended is sent. */
export function resumeWant (state: State, want: ClientWant): void {
  const { presence } = want
  want.client.suspended.delete(multihashKey(want.cid))
  want.presence = undefined
  want.expires = state.now() + state.limits.wantLifetime

  if (presence?.have === true) {
    sendHave(state, want)
  }

  // a parked want still waits for its verdict
  const parked = want.awaits != null && want.fetch.state === 'parked'
  want.fetch = parked ? beginParked(state, want.key, want.head) : fetchOf(state, want.key, want.head, want.only)
  joinFetch(state, want)
}

/** A suspended want ends. */
export function endSuspended (state: State, client: Client, id: string, why: EndReason, how?: EndDetails): void {
  const want = client.suspended.get(id)

  if (want != null) {
    client.suspended.delete(id)
    reportEnd(state, want, why, how)
  }
}
