/**
 * A want rests while the connection on which it came is silent, and waits for no fetch; it goes on when that
 * connection is heard again.
 */
import { multihashKey } from '@kitsune/bitswap-codec'
import { retract, sendHave } from './deliveries.ts'
import { beginParked } from './fetches.ts'
import { endWant, leaveFetch, reportEnd } from './want-ends.ts'
import { fetchOf, joinFetch } from './wants.ts'
import type { Client, ClientWant } from './model.ts'
import type { State } from './state.ts'
import type { EndDetails, EndReason } from './want-ends.ts'

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

/** A suspended want goes on, as if it were asked for again; what had not left when it was suspended is said. */
export function resumeWant (state: State, want: ClientWant): void {
  const { presence } = want
  want.client.suspended.delete(multihashKey(want.cid))
  want.presence = undefined
  want.expires = state.now() + state.limits.wantLifetime

  if (presence?.have === true) {
    sendHave(state, want)
  }

  // one that was parked waits on
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
