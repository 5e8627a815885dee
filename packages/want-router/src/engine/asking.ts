import { endAttempt, openAttempt, sendAsk } from './attempts.ts'
import { backlogOf, joinBacklog, leaveBacklog, leaveLists, requeue } from './backlog.ts'
import { denyMembers } from './certainty.ts'
import { candidates, shortage } from './choosing.ts'
import { cancelHedge, promoteHedge, releaseHedges } from './hedging.ts'
import { connected, isLone, MAX_TOKENS, tellCancel } from './state.ts'
import type { Shortage } from './choosing.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

/**
 * Finds the member to ask for a route and asks it; one that has stalled only if
 * nobody else is left. A {@link Shortage}: somebody could be asked but has no room
 * now; the route waits for the best of them, or stays queued if nobody has been
 * asked yet. `none`: everybody has spoken.
 */
export function assign (state: State, route: Route, payer: Upstream | undefined = route.first?.owner): 'asked' | Shortage | 'none' {
  let blocked: EngineMember | undefined
  let well = false
  let stalled: EngineMember | undefined
  let lacking: Shortage = 'no wants'
  if (payer == null) {
    return 'none'
  }

  for (const member of candidates(state, route)) {
    if (well || (blocked ?? stalled)?.state === 'up') {
      // better to wait for who is well than to ask who is not, or who mostly lacks what others have; where
      // most are ejected, those that are well may come after them
      if (member.state !== 'up' || state.strategy.avoids?.(member.id) === true) {
        continue
      }
    }
    if (member.stalled) {
      stalled ??= member
      continue
    }
    const short = shortage(state, route, member, payer)
    if (short == null) {
      ask(state, route, member, payer)
      return 'asked'
    }
    blocked ??= member
    // an ejected one that holds the block may come before it
    well ||= member.state === 'up'
    lacking = short === 'no bytes' ? short : lacking
  }
  if (blocked == null && stalled != null) {
    const short = shortage(state, route, stalled, payer)
    if (short == null) {
      ask(state, route, stalled, payer)
      return 'asked'
    }
    lacking = short
    blocked = stalled
  }

  if (blocked == null) {
    return 'none'
  }
  if (route.state !== 'queued' || !route.fresh) {
    joinBacklog(route, blocked, payer)
  }
  return lacking
}

function ask (state: State, route: Route, member: EngineMember, payer: Upstream): void {
  if (route.state === 'queued') {
    state.retryTokens = Math.min(MAX_TOKENS, state.retryTokens + state.limits.retryBudget)
  } else {
    state.retries.delete(route)
    state.idle.delete(route)
  }
  leaveBacklog(route)
  openAttempt(state, route, member, payer, false)
  sendAsk(state, route, member)
  denyMembers(state, route)
  if (route.asked === 'have' && state.members.size > 1 && state.limits.hedgeShare > 0) {
    state.hedgeable.add(route)
  }
}

/** An attempt came to nothing by no fault of the route: its hedge goes on, or it is asked again at once. */
export function goOn (state: State, route: Route): void {
  if (!promoteHedge(state, route)) {
    retryNow(state, route)
  }
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
  cancelHedge(state, route)
  unlist(state, route)
  leaveLists(state, route)
  state.routes.delete(route.key)
}

/** Cancels a route where it is listed, but not at `except`, which has just answered. */
export function unlist (state: State, route: Route, except?: EngineMember): void {
  for (const member of route.speakers()) {
    if (member === except) {
      forgetListed(route, member)
    } else {
      unlistAt(state, route, member)
    }
  }
}

/** Cancels a route at one member, if it is listed there. */
export function unlistAt (state: State, route: Route, member: EngineMember): void {
  if (forgetListed(route, member)) {
    tellCancel(state, member, route)
  }
}

function forgetListed (route: Route, member: EngineMember): boolean {
  if (member.listed.get(route.key) !== route) {
    return false
  }
  member.listed.delete(route.key)
  member.recent.add(route.key)
  return true
}

/** A member keeps a want listed that it did not serve, so that a late block comes by itself. */
export function list (state: State, route: Route, member: EngineMember): void {
  if (member.capacity.listed === 0) {
    return
  }
  member.listed.set(route.key, route)
  if (member.listed.size > member.capacity.listed) {
    const [oldest] = member.listed.values()
    unlistAt(state, oldest, member)
  }
}

/** Everything that was open at, or waited for, a member that is lost goes elsewhere, exempt from the budget. */
export function releaseMember (state: State, member: EngineMember): void {
  for (const route of [...member.open]) {
    if (member.connected) {
      tellCancel(state, member, route)
    }
    endAttempt(state, route, 'failed')
    goOn(state, route)
  }
  releaseHedges(state, member)
  for (const route of backlogOf(member)) {
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

/** To be asked when its turn comes: those who have not been asked; if there are none, forgets every answer but a HAVE and a lack that is listed. */
export function reconsider (state: State, route: Route): void {
  route.attempt = 0
  requeue(state, route)
  if (connected(state).some(member => route.saidBy(member) == null && !isLone(state, route, member))) {
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
