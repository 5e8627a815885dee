import { exhausted } from './answering.ts'
import { assign } from './asking.ts'
import { requeue, serveBacklogs } from './backlog.ts'
import { expectedBytes } from './choosing.ts'
import { hasRoom } from './members.ts'
import { admissible } from './state.ts'
import type { Upstream } from './ledger.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

// bytes that a turn brings a peer; one that wants larger blocks saves up over several turns
const QUANTUM = 64 << 10

/** Asks for everything there is room for: what goes on from one member to the next before what waits for a turn. */
export function askAll (state: State): void {
  askAgain(state)
  serveBacklogs(state)
  takeTurns(state)
}

function askAgain (state: State): void {
  for (const route of [...state.retries]) {
    state.retries.delete(route)
    attemptAgain(state, route)
  }
  for (const route of [...state.delayed]) {
    if (state.retryTokens < 1) {
      break
    }
    state.retryTokens--
    state.totals.retries++
    state.delayed.delete(route)
    attemptAgain(state, route)
  }
}

/** A route had its turn when it began; only where the window of its peer has filled since does it wait for another. */
function attemptAgain (state: State, route: Route): void {
  const payer = route.first?.owner
  if (payer != null && !admissible(state, payer)) {
    requeue(state, route)
  } else {
    attempt(state, route, payer)
  }
}

function attempt (state: State, route: Route, payer: Upstream | undefined): 'asked' | 'full' | 'none' {
  const result = assign(state, route, payer)
  if (result === 'none') {
    exhausted(state, route)
  }
  return result
}

/**
 * Serves the peers by deficit round robin (Shreedhar and Varghese 1995): each
 * turn brings a peer the same bytes, so one that wants much does not delay one
 * that wants little. Ends when nobody has room.
 */
function takeTurns (state: State): void {
  while (state.turns.size > 0) {
    const [peer] = state.turns
    // an interrupted turn goes on; a finished one left less than a want costs
    if (peer.deficit < peer.blockSize.bytes) {
      peer.deficit += QUANTUM
    }
    const end = serveBacklog(state, peer) ?? serveQueue(state, peer)
    if (end === 'full') {
      return // it keeps its place
    }
    state.turns.delete(peer)
    if (end === 'over' && admissible(state, peer)) {
      state.turns.add(peer)
    }
  }
}

/** Whether a peer has something left of its turn for one more route. */
function mayPay (state: State, peer: Upstream, route: Route): boolean {
  return peer.deficit >= expectedBytes(route, peer) && admissible(state, peer)
}

/** What has begun and waited for room; `over`: the turn is. */
function serveBacklog (state: State, peer: Upstream): 'over' | undefined {
  if (peer.backlogs.size === 0) {
    return
  }
  for (const [member, routes] of [...peer.backlogs]) {
    for (const route of routes) {
      if (!hasRoom(member, 0)) {
        break
      }
      if (!mayPay(state, peer, route)) {
        return 'over'
      }
      const result = attempt(state, route, peer)
      if (result === 'asked') {
        peer.deficit -= Math.max(1, route.expected)
      } else if (result === 'full') {
        break // it waits again, at the end
      }
    }
  }
}

/** What is to begin; `full`: nobody had room for it. */
function serveQueue (state: State, peer: Upstream): 'over' | 'full' | 'done' {
  for (const want of peer.queue) {
    const { route } = want
    if (route.state !== 'queued') {
      // another waiter's turn came first
      peer.queue.delete(want)
      continue
    }
    if (!mayPay(state, peer, route)) {
      return 'over'
    }
    const result = attempt(state, route, peer)
    if (result === 'full' && route.state === 'queued') {
      return 'full'
    }
    peer.queue.delete(want)
    if (result === 'asked') {
      peer.deficit -= Math.max(1, route.expected)
    }
  }
  peer.deficit = 0
  return 'done'
}
