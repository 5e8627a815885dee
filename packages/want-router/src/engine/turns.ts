import { exhausted } from './answering.ts'
import { assign, leaveBacklog } from './asking.ts'
import { expectedBytes } from './choosing.ts'
import { hasRoom } from './members.ts'
import { admissible } from './state.ts'
import type { Upstream } from './ledger.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

// bytes that a turn brings a peer; one that wants larger blocks saves up over several turns
const QUANTUM = 64 << 10

/** Asks for everything there is room for: what was begun before what is new. */
export function askAll (state: State): void {
  askBacklogs(state)
  askAgain(state)
  askNew(state)
}

function askBacklogs (state: State): void {
  for (const member of state.members.values()) {
    while (member.backlog.size > 0 && hasRoom(member, 0)) {
      const [route] = member.backlog
      leaveBacklog(route)
      if (attempt(state, route) === 'full') {
        break
      }
    }
  }
}

function askAgain (state: State): void {
  for (const route of [...state.retries]) {
    state.retries.delete(route)
    attempt(state, route)
  }
  for (const route of [...state.delayed]) {
    if (state.retryTokens < 1) {
      break
    }
    state.retryTokens--
    state.totals.retries++
    state.delayed.delete(route)
    attempt(state, route)
  }
}

function attempt (state: State, route: Route): 'asked' | 'full' | 'none' {
  const result = assign(state, route)
  if (result === 'none') {
    exhausted(state, route)
  }
  return result
}

/**
 * Serves the peers' queues by deficit round robin (Shreedhar and Varghese 1995):
 * each turn brings a peer the same bytes, so one that wants much does not delay
 * one that wants little. Ends when nobody has room.
 */
function askNew (state: State): void {
  while (state.turns.size > 0) {
    const [peer] = state.turns
    // an interrupted turn goes on; a finished one left less than a want costs
    if (peer.deficit < peer.blockSize.bytes) {
      peer.deficit += QUANTUM
    }
    if (!serve(state, peer)) {
      return
    }
    state.turns.delete(peer)
    if (peer.queue.size > 0 && admissible(state, peer)) {
      state.turns.add(peer)
    }
  }
}

/** False when nobody had room for a want of the peer, which then keeps its place. */
function serve (state: State, peer: Upstream): boolean {
  for (const want of peer.queue) {
    const { route } = want
    if (route.state !== 'queued') {
      // another waiter's turn came first
      peer.queue.delete(want)
      continue
    }
    if (peer.deficit < expectedBytes(route, peer) || !admissible(state, peer)) {
      return true
    }
    const result = assign(state, route, peer)
    if (result === 'full' && route.state === 'queued') {
      return false
    }
    peer.queue.delete(want)
    if (result === 'asked') {
      peer.deficit -= Math.max(1, route.expected)
    } else if (result === 'none') {
      exhausted(state, route)
    }
  }
  peer.deficit = 0
  return true
}
