/**
 * An attempt: one route open at one member, on the account of one peer. What it is
 * expected to bring is entered with the member, with the peer and in the sum of
 * all when it is opened, and taken off when it is closed, once.
 */
import { expectedBytes } from './choosing.ts'
import { giveTurn, newPriority, tell, untell } from './state.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'
import type { Outcome } from '../strategies/strategy.ts'

/**
 * Enters an attempt; {@link sendAsk} says it to the member, unless it was
 * `speculative`, a hedge: that one has been asked for a HAVE, whatever is wanted
 * by now.
 */
export function openAttempt (state: State, route: Route, member: EngineMember, payer: Upstream, speculative: boolean): void {
  route.state = 'asked'
  route.member = member
  route.payer = payer
  route.asked = speculative ? 'have' : route.type
  route.since = state.now()
  route.speculative = speculative
  member.load.wants++
  countOpen(payer, member, 1)
  reserve(state, route, member, payer, expectedBytes(route.asked, payer, member))
  member.open.add(route)
  member.listed.delete(route.key)
}

/** When the member that has a route open, as attempt or as hedge, was asked. */
export function askedAt (route: Route, member: EngineMember): number {
  return route.hedge === member || route.speculative ? route.hedgedAt : route.since
}

/** Says to a member what a route asks of it. */
export function sendAsk (state: State, route: Route, member: EngineMember): void {
  member.totals.asks++
  tell(state, member, {
    key: route.key,
    cid: route.cid,
    type: route.asked,
    priority: newPriority(state),
    session: route.peer
  })
}

/** A want-have is open and somebody now wants the block: the same member is asked for that. */
export function upgradeAttempt (state: State, route: Route): void {
  const { member, payer } = route
  if (member == null || payer == null) {
    return
  }
  state.hedgeable.delete(route)
  route.asked = 'block'
  // the block is asked for now: the time that the HAVE took is not held against it
  route.since = state.now()
  route.speculative = false
  member.open.delete(route)
  member.open.add(route)
  reserve(state, route, member, payer, expectedBytes('block', payer, member))
  sendAsk(state, route, member)
}

/** Closes the accounts of an attempt; what becomes of the route is the caller's matter. */
export function endAttempt (state: State, route: Route, result: Outcome['result'], bytes = 0): void {
  const { member, payer } = route
  if (member == null || payer == null) {
    return
  }
  state.hedgeable.delete(route)
  untell(state, member, route) // an upgrade in the same turn
  member.open.delete(route)
  member.load.wants--
  countOpen(payer, member, -1)
  reserve(state, route, member, payer, 0)
  if (member.open.size === 0) {
    member.stalled = false
  }
  giveTurn(state, payer)
  member.recent.add(route.key)
  const ms = state.now() - askedAt(route, member)
  const hedged = route.speculative || route.hedgedAt >= route.since
  if (route.asked === 'have' && !hedged && (result === 'have' || result === 'lack' || result === 'block')) {
    state.haveDelay.sample(ms)
  }
  state.strategy.observe?.({ member: member.id, want: route, result, ms, bytes, speculative: route.speculative })
  route.member = undefined
  route.payer = undefined
}

/** Enters in all accounts what an attempt is expected to bring, in place of what was entered before. */
function reserve (state: State, route: Route, member: EngineMember, payer: Upstream, bytes: number): void {
  const change = bytes - route.expected
  route.expected = bytes
  member.load.bytes += change
  state.inFlight += change
  enter(member, payer, change)
}

function countOpen (payer: Upstream, member: EngineMember, by: 1 | -1): void {
  const open = (payer.openAt.get(member) ?? 0) + by
  if (open > 0) {
    payer.openAt.set(member, open)
  } else {
    payer.openAt.delete(member)
  }
}

function enter (member: EngineMember, payer: Upstream, bytes: number): void {
  payer.inFlight += bytes
  if (member.stalled) {
    payer.stalled += bytes
  }
}

/** Who paid for an attempt no longer wants it: the account passes to who still does. */
export function passAccount (state: State, route: Route, payer: Upstream): void {
  if (route.member != null && route.payer != null) {
    enter(route.member, route.payer, -route.expected)
    countOpen(route.payer, route.member, -1)
    giveTurn(state, route.payer)
    enter(route.member, payer, route.expected)
    countOpen(payer, route.member, 1)
    route.payer = payer
  }
}

/** A member owes something and is silent: until it speaks, what it owes holds up nobody who asked for it. */
export function stall (state: State, member: EngineMember): void {
  member.stalled = true
  for (const { payer, expected } of member.open) {
    if (payer != null) {
      payer.stalled += expected
      giveTurn(state, payer)
    }
  }
}

/** A member has said something. */
export function progress (state: State, member: EngineMember): void {
  member.lastProgress = state.now()
  if (member.stalled) {
    member.stalled = false
    for (const { payer, expected } of member.open) {
      if (payer != null) {
        payer.stalled -= expected
      }
    }
  }
}
