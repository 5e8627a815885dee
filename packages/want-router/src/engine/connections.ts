/**
 * A peer whose process was killed comes back while its old connection is still
 * open here. What it wanted there nobody waits for any more, or so it seems: it
 * rests until the connection is heard of again, and ends with it.
 */
import { multihashKey } from '@kitsune/bitswap-codec'
import { forgetWant } from './answering.ts'
import { promise, withdraw } from './saying.ts'
import { enter, routeOf } from './wanting.ts'
import type { Input } from './io.ts'
import type { LedgerWant, Upstream } from './ledger.ts'
import type { State } from './state.ts'

export function onConnection (state: State, peer: Upstream, connection: number, is: Extract<Input, { t: 'connection' }>['is']): void {
  switch (is) {
    case 'silent':
      suspend(state, peer, connection)
      break
    case 'heard':
      resume(state, peer, connection)
      break
    default:
      drop(state, peer, connection)
  }
}

function suspend (state: State, peer: Upstream, connection: number): void {
  for (const want of peer.entries) {
    if (want.connection === connection) {
      // what has not left is still to be said when it comes back
      const { presence } = want
      want.presence = withdraw(state, want) ? presence : undefined
      forgetWant(state, want)
      if (peer.suspended.size < state.limits.wantsPerPeer) {
        peer.suspended.set(multihashKey(want.cid), want)
      } else {
        state.totals.evicted++
      }
    }
  }
}

function resume (state: State, peer: Upstream, connection: number): void {
  for (const [id, want] of peer.suspended) {
    if (want.connection === connection) {
      peer.suspended.delete(id)
      if (peer.entries.size < state.limits.wantsPerPeer) {
        comeBack(state, want)
      } else {
        state.totals.evicted++
      }
    }
  }
}

/** It lives as if it were asked for again, since entries stand in the order in which they expire. */
function comeBack (state: State, want: LedgerWant): void {
  const { presence } = want
  want.presence = undefined
  want.expires = state.now() + state.limits.wantLifetime
  if (presence?.have === false) {
    want.denied = false
  }
  want.route = routeOf(state, want.key, want.cid)
  enter(state, want)
  if (presence?.have === true) {
    promise(state, want)
  }
}

function drop (state: State, peer: Upstream, connection: number): void {
  for (const want of peer.entries) {
    if (want.connection === connection) {
      forgetWant(state, want)
    }
  }
  for (const [id, want] of peer.suspended) {
    if (want.connection === connection) {
      peer.suspended.delete(id)
    }
  }
}
