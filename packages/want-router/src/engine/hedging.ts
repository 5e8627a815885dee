/**
 * Hedging of want-haves: one that is open longer than all but a few are is asked
 * of a second member, and whoever answers first settles it (Dean and Barroso, The
 * Tail at Scale, 2013). A HAVE costs nothing to say twice; want-blocks are not
 * hedged, since a second copy of a block costs what it weighs.
 *
 * A hedge lives beside the attempt of its route. It has no timeout of its own: if
 * the attempt comes to nothing the hedge takes its place, and is timed from then.
 * Where the block has come to be wanted meanwhile, its member is asked for that.
 */
import { openAttempt, sendAsk, upgradeAttempt } from './attempts.ts'
import { candidates } from './choosing.ts'
import { hasRoom } from './members.ts'
import { admissible, tellCancel, untell } from './state.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'
import type { Outcome } from '../strategies/strategy.ts'

/** When the oldest want-have that may be hedged is. */
export function hedgeOf (state: State): number {
  const [route] = state.hedgeable
  const { value } = state.haveDelay
  return route == null || value == null ? Infinity : route.since + Math.max(state.limits.minHedge, value)
}

/** Hedges what has been open for too long, within the budget that retries have. */
export function hedgeDue (state: State): void {
  while (hedgeOf(state) <= state.now()) {
    const [route] = state.hedgeable
    state.hedgeable.delete(route)
    state.haveDelay.exceeded()
    if (state.retryTokens >= 1) {
      hedge(state, route)
    }
  }
}

function hedge (state: State, route: Route): void {
  for (const member of candidates(state, route)) {
    if (member !== route.member && mayHedge(state, member)) {
      state.retryTokens--
      state.totals.hedges++
      member.load.wants++
      member.hedges.add(route)
      member.listed.delete(route.key)
      route.hedge = member
      route.hedgedAt = state.now()
      sendAsk(state, route, member)
      return
    }
  }
}

function mayHedge (state: State, member: EngineMember): boolean {
  return member.state === 'up' && !member.stalled && hasRoom(member, 0) && state.strategy.avoids?.(member.id) !== true
}

/** Closes a hedge; what becomes of the route is the attempt's matter. True: its member has been asked, and is still to be told. */
export function endHedge (state: State, route: Route, result: Outcome['result'], bytes = 0): boolean {
  const member = route.hedge
  let heard = false
  if (member != null) {
    heard = !untell(state, member, route)
    member.hedges.delete(route)
    member.load.wants--
    member.recent.add(route.key)
    route.hedge = undefined
    state.strategy.observe?.({ member: member.id, want: route, result, ms: state.now() - route.hedgedAt, bytes, speculative: true })
  }
  return heard
}

export function cancelHedge (state: State, route: Route): void {
  const member = route.hedge
  if (member != null && endHedge(state, route, 'cancelled')) {
    tellCancel(state, member, route)
  }
}

/** The attempt came to nothing: the hedge, if there is one, is the attempt from now on. */
export function promoteHedge (state: State, route: Route): boolean {
  const { hedge: member, first } = route
  if (member == null || first == null) {
    return false
  }
  member.hedges.delete(route)
  member.load.wants--
  route.hedge = undefined
  openAttempt(state, route, member, first.owner, true)
  if (route.type === 'block' && admissible(state, first.owner)) {
    upgradeAttempt(state, route)
  }
  return true
}

/** A member is lost: its hedges end, the attempts that they stood beside go on. */
export function releaseHedges (state: State, member: EngineMember): void {
  for (const route of [...member.hedges]) {
    if (member.connected) {
      tellCancel(state, member, route)
    }
    endHedge(state, route, 'failed')
  }
}
