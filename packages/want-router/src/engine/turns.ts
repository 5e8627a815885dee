/**
 * Turns: who may ask next. Peers are served by deficit round robin (Shreedhar and
 * Varghese 1995): each turn brings a peer the same bytes, so one that wants much
 * does not delay one that wants little. A want-have brings no bytes, and costs as
 * much as a small block, or a peer that asks for nothing else would never end.
 *
 * A turn that full windows interrupt goes on when they are not, and is not paid
 * again. A peer that waits for the members' bytes keeps its place for them, and
 * lets pass what needs none.
 */
import { exhausted } from './answering.ts'
import { assign } from './asking.ts'
import { requeue, serveBacklogs } from './backlog.ts'
import { expectedBytes } from './choosing.ts'
import { hasRoom } from './members.ts'
import { admissible, isIdle } from './state.ts'
import type { Shortage } from './choosing.ts'
import type { Upstream } from './ledger.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

// bytes that a turn brings a peer; one that wants larger blocks saves up over several turns
const QUANTUM = 64 << 10
// bytes that a want costs at least, for the work that it makes
const LEAST_COST = 4 << 10

/**
 * How a turn went. `done`: nothing is left to ask; `spent`: the next want costs
 * more than is left; `held`: the peer's own window is full; a shortage: members
 * have no room.
 */
type End = 'done' | 'spent' | 'held' | Shortage

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

function attempt (state: State, route: Route, payer: Upstream | undefined): 'asked' | Shortage | 'none' {
  const result = assign(state, route, payer)
  if (result === 'none') {
    exhausted(state, route)
  }
  return result
}

function takeTurns (state: State): void {
  let noBytes = false
  state.short = false

  // whose turn is spent goes to the end, and is met again
  for (const peer of state.turns) {
    if (!peer.inTurn) {
      peer.inTurn = true
      peer.deficit += QUANTUM
    }
    const end: End = serveBacklog(state, peer, noBytes) ?? serveQueue(state, peer, noBytes)

    if (end === 'no wants' || end === 'no bytes') {
      noBytes ||= end === 'no bytes'
      if (!anyPlace(state)) {
        return
      }
    } else if (end === 'held' && isIdle(peer)) {
      state.short = true
    } else {
      state.turns.delete(peer)
      peer.inTurn = end === 'held'
      if (end === 'spent') {
        state.turns.add(peer)
      }
    }
  }
}

/** Whether some member has a place for a want. */
function anyPlace (state: State): boolean {
  for (const member of state.members.values()) {
    if (member.connected && hasRoom(member, 0)) {
      return true
    }
  }
  return false
}

/** Whether a peer may ask for a route; if not, how its turn ends. */
function mayPay (state: State, peer: Upstream, route: Route, noBytes: boolean): End | undefined {
  const expected = expectedBytes(route.type, peer)
  if (!admissible(state, peer)) {
    return 'held'
  }
  if (expected > 0 && noBytes) {
    return 'no bytes'
  }
  if (peer.deficit < Math.max(LEAST_COST, expected)) {
    return 'spent'
  }
}

function pay (peer: Upstream, route: Route): void {
  peer.deficit -= Math.max(LEAST_COST, route.expected)
}

/** What has begun and waited for room. */
function serveBacklog (state: State, peer: Upstream, noBytes: boolean): End | undefined {
  if (peer.backlogs.size === 0) {
    return
  }
  for (const [member, routes] of [...peer.backlogs]) {
    for (const route of routes) {
      if (!hasRoom(member, Math.min(1, expectedBytes(route.type, peer, member)))) {
        break
      }
      const end = mayPay(state, peer, route, noBytes)
      if (end === 'no bytes') {
        break
      }
      if (end != null) {
        return end
      }
      const result = attempt(state, route, peer)
      if (result === 'asked') {
        pay(peer, route)
      } else if (result !== 'none') {
        break // it waits again, at the end
      }
    }
  }
}

/** What is to begin. */
function serveQueue (state: State, peer: Upstream, noBytes: boolean): End {
  for (const want of peer.queue) {
    const { route } = want
    if (route.state !== 'queued') {
      // another waiter's turn came first
      peer.queue.delete(want)
      continue
    }
    const end = mayPay(state, peer, route, noBytes)
    if (end != null) {
      return end
    }
    const result = attempt(state, route, peer)
    if (result !== 'asked' && result !== 'none' && route.state === 'queued') {
      return result
    }
    peer.queue.delete(want)
    if (result === 'asked') {
      pay(peer, route)
    }
  }
  if (peer.backlogs.size > 0) {
    return 'no wants' // its turn goes on when its members have room
  }
  peer.deficit = 0
  return 'done'
}
