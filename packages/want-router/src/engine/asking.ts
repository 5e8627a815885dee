import { hasRoom } from './members.ts'
import { connected, giveTurn, MAX_PRIORITY, tell, tellCancel } from './state.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'
import type { Outcome } from '../strategies/strategy.ts'

/**
 * Finds the member to ask for a route and asks it; one that has stalled only if
 * nobody else is left. `full`: somebody could be asked but has no room now; the
 * route waits for the best of them, or stays queued if nobody has been asked
 * yet. `none`: everybody has spoken.
 */
export function assign (state: State, route: Route, payer: Upstream | undefined = route.first?.owner): 'asked' | 'full' | 'none' {
  let blocked: EngineMember | undefined
  let stalled: EngineMember | undefined
  if (payer == null) {
    return 'none'
  }

  for (const member of candidates(state, route)) {
    if ((blocked ?? stalled)?.state === 'up' && member.state !== 'up') {
      break // better to wait for who is well than to ask who is not
    }
    if (member.stalled) {
      stalled ??= member
    } else if (mayAsk(state, route, member, payer)) {
      ask(state, route, member, payer)
      return 'asked'
    } else {
      blocked ??= member
    }
  }
  if (blocked == null && stalled != null && mayAsk(state, route, stalled, payer)) {
    ask(state, route, stalled, payer)
    return 'asked'
  }
  blocked ??= stalled

  if (blocked == null) {
    return 'none'
  }
  if (route.state !== 'queued' || !route.fresh) {
    route.state = 'retry'
    route.waitsFor = blocked
    blocked.backlog.add(route)
  }
  return 'full'
}

/**
 * Whom to ask, best first: members known to have it, then the strategy's order,
 * then, rather than leave a want unasked, ejected members. Those that already
 * answered are left out.
 */
function * candidates (state: State, route: Route): Iterable<EngineMember> {
  yield * route.holders()

  const panic = inPanic(state)
  let ejected: EngineMember[] | undefined

  for (const { id } of state.strategy.rank(route)) {
    const member = state.members.get(id)
    if (member == null || !member.connected || route.saidBy(member) != null) {
      continue
    }
    if (member.state === 'up' || panic) {
      yield member
    } else {
      (ejected ??= []).push(member)
    }
  }

  if (ejected != null) {
    yield * ejected
  }
}

function mayAsk (state: State, route: Route, member: EngineMember, payer: Upstream): boolean {
  return state.inFlight < state.limits.inFlight && hasRoom(member, expectedBytes(route, payer, member))
}

/** Too few are healthy for health to mean anything (Envoy's panic threshold). */
function inPanic (state: State): boolean {
  let all = 0
  let healthy = 0
  for (const member of state.members.values()) {
    if (member.connected) {
      all++
      healthy += member.state === 'up' ? 1 : 0
    }
  }
  return healthy < all * state.limits.panic
}

/** What an answer to a route is taken to weigh: nothing, where silence is as likely. */
export function expectedBytes (route: Route, payer: Upstream, member?: EngineMember): number {
  return route.type === 'have' || member?.capacity.denies === false ? 0 : payer.blockSize.bytes
}

function ask (state: State, route: Route, member: EngineMember, payer: Upstream): void {
  if (route.state === 'queued') {
    state.retryTokens = Math.min(MAX_TOKENS, state.retryTokens + state.limits.retryBudget)
  } else {
    state.retries.delete(route)
    state.idle.delete(route)
  }
  leaveBacklog(route)
  route.state = 'asked'
  route.member = member
  route.payer = payer
  route.since = state.now()
  member.load.wants++
  reserve(state, route, member, payer, expectedBytes(route, payer, member))
  member.open.add(route)
  member.listed.delete(route.key)
  sendAsk(state, route, member)
}

function sendAsk (state: State, route: Route, member: EngineMember): void {
  route.asked = route.type
  member.totals.asks++
  tell(state, member, {
    key: route.key,
    cid: route.cid,
    type: route.type,
    priority: state.nextPriority,
    session: route.payer?.id ?? ''
  })
  state.nextPriority = state.nextPriority > 1 ? state.nextPriority - 1 : MAX_PRIORITY
}

/** A want-have is open and somebody now wants the block: the same member is asked for that. */
export function upgradeAttempt (state: State, route: Route): void {
  const { member, payer } = route
  if (member == null || payer == null) {
    return
  }
  reserve(state, route, member, payer, expectedBytes(route, payer, member))
  sendAsk(state, route, member)
}

export const MAX_TOKENS = 100

/** Closes the accounts of an attempt; what becomes of the route is the caller's matter. */
export function endAttempt (state: State, route: Route, result: Outcome['result'], bytes = 0): void {
  const { member, payer } = route
  if (member == null || payer == null) {
    return
  }
  member.open.delete(route)
  member.load.wants--
  reserve(state, route, member, payer, 0)
  if (member.open.size === 0) {
    member.stalled = false
  }
  giveTurn(state, payer)
  member.recent.add(route.key)
  state.strategy.observe?.({ member: member.id, want: route, result, ms: state.now() - route.since, bytes, speculative: false })
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
    giveTurn(state, route.payer)
    enter(route.member, payer, route.expected)
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

export function leaveBacklog (route: Route): void {
  route.waitsFor?.backlog.delete(route)
  route.waitsFor = undefined
}

/** To be asked again at once: an answer led on, or its member was lost. */
export function retryNow (state: State, route: Route): void {
  leaveBacklog(route)
  state.idle.delete(route)
  route.state = 'retry'
  state.retries.add(route)
}

/** To be asked again within the retry budget: a try failed. */
export function retryLater (state: State, route: Route): void {
  route.state = 'retry'
  state.delayed.add(route)
}

/** Takes a route off every list; whoever still has it open or listed is told. */
export function dropRoute (state: State, route: Route): void {
  if (route.member != null) {
    tellCancel(state, route.member, route)
    endAttempt(state, route, 'cancelled')
  }
  unlist(state, route)
  leaveBacklog(route)
  state.retries.delete(route)
  state.delayed.delete(route)
  state.idle.delete(route)
  state.routes.delete(route.key)
}

/** Cancels a route where it is listed, but not at `except`, which has just answered. */
export function unlist (state: State, route: Route, except?: EngineMember): void {
  for (const member of route.speakers()) {
    if (member.listed.get(route.key) === route) {
      member.listed.delete(route.key)
      member.recent.add(route.key)
      if (member !== except) {
        tellCancel(state, member, route)
      }
    }
  }
}

/** A member keeps a want listed that it did not serve, so that a late block comes by itself. */
export function list (state: State, route: Route, member: EngineMember): void {
  if (member.capacity.listed === 0) {
    return
  }
  member.listed.set(route.key, route)
  if (member.listed.size > member.capacity.listed) {
    const [[key, oldest]] = member.listed
    member.listed.delete(key)
    member.recent.add(key)
    tellCancel(state, member, oldest)
  }
}

/** Everything that was open at, or waited for, a member that is lost goes elsewhere, exempt from the budget. */
export function releaseMember (state: State, member: EngineMember): void {
  for (const route of [...member.open]) {
    if (member.connected) {
      tellCancel(state, member, route)
    }
    endAttempt(state, route, 'failed')
    retryNow(state, route)
  }
  for (const route of [...member.backlog]) {
    retryNow(state, route)
  }
}

/** A member has become able to answer: what waits for such a moment is asked again. */
export function wakeIdle (state: State, member: EngineMember): void {
  for (const route of [...state.idle]) {
    const said = route.saidBy(member)
    if (said !== 'lack') {
      reconsider(state, route)
    }
  }
}

/** Asks those who have not been asked; if there are none, forgets every answer but a HAVE and a lack that is listed, and asks again. */
export function reconsider (state: State, route: Route): void {
  route.attempt = 0
  retryNow(state, route)
  if (connected(state).some(member => route.saidBy(member) == null)) {
    return
  }
  for (const member of [...route.speakers()]) {
    const said = route.saidBy(member)
    if (said !== 'have' && (said !== 'lack' || member.listed.get(route.key) !== route)) {
      route.forget(member)
      if (member.listed.delete(route.key)) {
        tellCancel(state, member, route)
      }
    }
  }
}

/** Puts a failing member aside, unless it is the last; what it owes goes elsewhere. */
export function eject (state: State, member: EngineMember, why: string): void {
  const others = connected(state).some(other => other !== member && other.state === 'up')
  if (member.state !== 'up' || !others) {
    return
  }
  member.state = 'ejected'
  member.why = why
  member.totals.ejections++
  member.health.eject(state.now())
  state.membersChanged = true
  releaseMember(state, member)
}
