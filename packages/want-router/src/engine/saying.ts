/**
 * What is said to an upstream peer: it waits in the peer's replies until its
 * writer takes it, and counts against the peer until then.
 */
import { replyBytes } from './replies.ts'
import { giveTurn } from './state.ts'
import type { LedgerWant, Upstream } from './ledger.ts'
import type { Reply } from './replies.ts'
import type { State } from './state.ts'

function queueReply (state: State, peer: Upstream, reply: Reply): void {
  const unsent = peer.replies.bytes
  if (peer.replies.size === 0) {
    peer.readAt = state.now()
  }
  peer.replies.push(reply)
  state.unsent += peer.replies.bytes - unsent
  state.readyPeers.add(peer)
}

/** Takes back what was said of a want; true if it had not left yet. */
export function withdraw (state: State, { owner, presence }: LedgerWant): boolean {
  if (presence == null) {
    return false
  }
  const unsent = owner.replies.bytes
  owner.replies.withdraw(presence)
  const less = unsent - owner.replies.bytes
  state.unsent -= less
  giveTurn(state, owner) // it may have held up what else the peer wants, and will not be taken
  return less > 0
}

/** One a want may wait, and goes with it: presences are as bounded as wants, whatever else is unsent. */
function sayPresence (state: State, want: LedgerWant, have: boolean): void {
  withdraw(state, want)
  want.presence = { cid: want.cid, have }
  queueReply(state, want.owner, want.presence)
}

/** Says HAVE; from then on this want is never denied. */
export function promise (state: State, want: LedgerWant): void {
  sayPresence(state, want, true)
  want.promised = true
  state.totals.havesSent++
}

export function deny (state: State, want: LedgerWant): void {
  want.denied = true
  if (want.sendDontHave) {
    sayPresence(state, want, false)
    state.totals.dontHavesSent++
  }
}

/**
 * Gives a waiter the block. False if it would not fit what may wait unsent, for
 * all, or for this peer where it was not `reserved` in the peer's window: the
 * peer loses this copy and keeps its want, so that one that does not read costs
 * no more than its window, which shrinks by what has to wait.
 */
export function deliver (state: State, peer: Upstream, cid: Uint8Array, bytes: Uint8Array, reserved = false): boolean {
  const { unsentPerPeer } = state.limits
  const unsent = peer.replies.bytes
  const more = replyBytes({ cid, bytes })
  peer.blockSize.sample(bytes.byteLength)
  if ((unsent > 0 && !reserved && unsent + more > unsentPerPeer) || (state.unsent > 0 && state.unsent + more > state.limits.unsent)) {
    state.totals.copiesLost++
    peer.window.reset()
    return false
  }
  peer.window.queued(bytes.byteLength, unsent, state.now())
  queueReply(state, peer, { cid, bytes, have: true })
  state.totals.blocksSent++
  state.totals.bytesSent += bytes.byteLength
  return true
}
