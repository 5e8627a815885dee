import { dropRoute, eject, goOn, list, retryLater, retryNow, unlist } from './asking.ts'
import { askedAt, endAttempt, passAccount, progress } from './attempts.ts'
import { joinBacklog, leaveLists, requeue } from './backlog.ts'
import { certain, denyMembers } from './certainty.ts'
import { cancelHedge, endHedge, promoteHedge } from './hedging.ts'
import { removeWant } from './ledger.ts'
import { releaseLone } from './loops.ts'
import { deliver, deny, promise, withdraw } from './saying.ts'
import { tellCancel } from './state.ts'
import type { LedgerWant, Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

const UNASKED = 'sends what nobody asked it for'
// ms before a want that failed everywhere is asked again for the first time
const FIRST_REST = 2000

/** Takes a want off its peer's list and off its route; the last to leave ends the route. */
export function forgetWant (state: State, want: LedgerWant): void {
  const { route, owner } = want
  withdraw(state, want) // the same want asked anew is answered anew
  removeWant(owner, want)
  route.leave(want)
  if (route.size === 0) {
    dropRoute(state, route)
    return
  }
  if (route.first != null && route.first.owner !== owner) {
    passOn(state, route, owner, route.first.owner)
  }
  releaseLone(state, route)
}

/** What was on the account of a peer that no longer wants it passes to one that does. */
function passOn (state: State, route: Route, from: Upstream, to: Upstream): void {
  if (route.payer === from) {
    passAccount(state, route, to)
  } else if (route.waitsFor?.peer === from) {
    joinBacklog(route, route.waitsFor.member, to)
  }
}

/** A verified block. */
export function onBlock (state: State, member: EngineMember, key: string, bytes: Uint8Array): void {
  const now = state.now()
  const route = state.routes.get(key)
  received(state, member, route != null || member.recent.has(key))
  if (route == null) {
    return
  }
  if (isOwed(route, member) || route.saidBy(member) != null) {
    progress(state, member)
  }
  member.totals.blocks++
  member.totals.bytes += bytes.byteLength
  // what was asked for on a peer's account has its place in that peer's window, if it is of the size expected
  let payer = bytes.byteLength <= 2 * route.expected ? route.payer : undefined
  if (isOwed(route, member)) {
    adapt(member, now - askedAt(route, member), bytes.byteLength)
    member.health.succeeded(now)
  }
  settleAttempts(state, route, member, 'block', bytes.byteLength)
  unlist(state, route, member)

  for (const want of route.waiters()) {
    if (want.type === 'block' || (!want.promised && bytes.byteLength <= state.limits.inlineBlock)) {
      const reserved = want.owner === payer
      if (reserved) {
        payer = undefined // one copy has a place, not one for each CID
      }
      if (deliver(state, want.owner, want.cid, bytes, reserved)) {
        forgetWant(state, want)
        continue
      }
    }
    if (want.type === 'have' && !want.promised) {
      promise(state, want)
    }
  }
  if (route.size > 0) {
    settleRest(state, route, member)
  }
}

/** Ends the attempt of who answered with that result, and any other as cancelled. */
function settleAttempts (state: State, route: Route, member: EngineMember, result: 'block' | 'have', bytes = 0): void {
  if (route.hedge === member) {
    endHedge(state, route, result, bytes)
  } else {
    cancelHedge(state, route)
  }
  if (route.member === member) {
    endAttempt(state, route, result, bytes)
  } else if (route.member != null) {
    tellCancel(state, route.member, route)
    endAttempt(state, route, 'cancelled')
  }
}

/** After an answer that is good news: who still wants the block is queued again, who has a HAVE rests. */
function settleRest (state: State, route: Route, member: EngineMember): void {
  route.note(member, 'have', state.now())
  route.attempt = 0
  route.rests = 0
  route.type = 'have'
  for (const want of route.waiters()) {
    if (want.type === 'block') {
      route.type = 'block'
    }
  }
  if (route.type === 'block') {
    requeue(state, route)
  } else {
    leaveLists(state, route)
    route.state = 'resting'
  }
}

/** Whether a route is open at a member, as attempt or as hedge. */
function isOwed (route: Route, member: EngineMember): boolean {
  return route.member === member || route.hedge === member
}

/** A member has sent something; too much that it was not asked for ejects it, and ends its session. */
function received (state: State, member: EngineMember, asked: boolean): void {
  if (!asked) {
    member.totals.unasked++
  }
  if (member.health.received(asked, state.now())) {
    eject(state, member, UNASKED)
    if (member.state === 'ejected') {
      state.resets.set(member, UNASKED)
    }
  }
}

function adapt (member: EngineMember, ms: number, bytes: number): void {
  member.latency.sample(ms)
  if (ms <= 2 * member.latency.least + 5) {
    member.window.grow(bytes)
  } else if (ms > 4 * member.latency.least + 20) {
    member.window.shrink(bytes)
  }
}

/** What a member says instead of a block. */
export function onAnswer (state: State, member: EngineMember, key: string, answer: 'have' | 'lack' | 'unknown' | 'failed', why?: string): void {
  const route = state.routes.get(key)
  const now = state.now()
  const said = route?.saidBy(member)
  const owed = route != null && isOwed(route, member)
  if (answer === 'have' || answer === 'lack') {
    received(state, member, owed || said != null || member.recent.has(key))
  }
  // a member that repeats itself, or speaks of what it was not asked, does not serve what it owes
  if (owed || (said != null && said !== answer)) {
    progress(state, member)
  }
  if (route == null) {
    return
  }
  if (answer === 'have') {
    onHave(state, route, member)
    return
  }
  const speculative = route.hedge === member
  if (route.member !== member && !speculative) {
    // late, after a timeout: now it is known
    if (answer === 'lack' && route.saidBy(member) != null) {
      member.totals.lacks++
      route.note(member, 'lack', state.now())
      settleIfCertain(state, route)
    }
    return
  }
  if (speculative) {
    endHedge(state, route, answer)
  } else {
    endAttempt(state, route, answer)
  }
  if (answer === 'failed') {
    fail(state, route, member, why ?? 'failed', speculative)
    return
  }
  route.note(member, answer, state.now())
  if (answer === 'lack') {
    member.totals.lacks++
    member.health.succeeded(now)
    list(state, route, member)
    denyMembers(state, route)
  }
  if (!speculative) {
    goOn(state, route)
  }
}

function onHave (state: State, route: Route, member: EngineMember): void {
  const asked = isOwed(route, member)
  if (asked ? route.asked === 'block' : route.saidBy(member) == null) {
    return // to a want-block it is no answer, the block is still owed; or nobody asked
  }
  if (asked) {
    member.latency.sample(state.now() - askedAt(route, member))
    member.health.succeeded(state.now())
  }
  member.totals.haves++
  route.note(member, 'have', state.now())
  for (const want of route.waiters()) {
    if (want.type === 'have' && !want.promised) {
      promise(state, want)
    }
  }
  if (route.member == null || route.asked === 'have') {
    settleAttempts(state, route, member, 'have')
    settleRest(state, route, member)
  } // else the block is on its way from another; should it not come, the holder is next
}

/** A try that failed or timed out: health suffers, the want goes on. */
export function fail (state: State, route: Route, member: EngineMember, why: string, speculative = false): void {
  member.totals.failures++
  route.note(member, 'failed', state.now())
  if (!speculative) {
    route.attempt++
    if (promoteHedge(state, route)) {
      // it is under way already
    } else if (route.attempt >= state.limits.tries) {
      rest(state, route)
    } else if (member.state === 'up') {
      retryLater(state, route)
    } else {
      retryNow(state, route) // what a lost member owes is exempt from the budget
    }
  }
  if (member.health.failed()) {
    eject(state, member, why)
  }
}

/** Nobody is left to ask: a late block or a recovery ends the rest, or else time, which grows from rest to rest. */
function rest (state: State, route: Route): void {
  const delay = Math.min(state.limits.askAgainAfter, FIRST_REST * 2 ** Math.min(route.rests, 16))
  leaveLists(state, route)
  route.state = 'idle'
  route.rests++
  route.askAgainAt = state.now() + delay
  state.idle.add(route)
}

/** Everybody who can be asked has spoken. */
export function exhausted (state: State, route: Route): void {
  rest(state, route)
  if (settleIfCertain(state, route)) {
    route.askAgainAt = route.verifiable ? state.now() + state.limits.askAgainAfter : Infinity
  }
}

/**
 * DONT_HAVE leaves only here: every configured member is certain, those that are
 * down or ejected included, or no block could be verified. boxo never asks again after a DONT_HAVE, but does
 * after silence. The wants stay, so that a late block is still delivered.
 */
export function settleIfCertain (state: State, route: Route): boolean {
  if (route.state !== 'idle' || !certain(state, route)) {
    return false
  }
  for (const want of route.waiters()) {
    if (!want.promised && !want.denied) {
      deny(state, want)
    }
  }
  return true
}
