import { fail, forgetWant, settleIfCertain } from './answering.ts'
import { goOn, list, reconsider, wakeIdle } from './asking.ts'
import { endAttempt, stall } from './attempts.ts'
import { hedgeDue } from './hedging.ts'
import { MAX_TOKENS, tellCancel, TRICKLE } from './state.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

// how often lifetimes, ejections and what waits for another try are looked at, ms
const SWEEP = 1000
// ms after which the silence of a member that cannot deny is an answer; boxo waits 50 ms to 7 s, by twice the mean
const MIN_SILENCE = 200
// longest timeouts that a want is granted at a member that is slow and delivers others
const PATIENCE = 3
// share of all that may wait unsent, above which peers that take nothing are disconnected
const CROWDED = 0.75
// routes asked again a sweep because nobody has them listed
const ASK_AGAIN = 256

/** When lifetimes, ejections and what waits are looked at next. */
export function nextSweep (state: State): number {
  return state.lastSweep + SWEEP
}

/** When a member that says nothing has stalled. */
export function stallOf ({ open, stalled, capacity, lastProgress, latency }: EngineMember): number {
  const [route] = open
  return route == null || stalled || !capacity.denies ? Infinity : Math.max(route.since, lastProgress) + latency.patience
}

/** When the want that has been open longest at a member is given up. */
export function timeoutOf (member: EngineMember): number {
  const [route] = member.open
  if (route == null) {
    return Infinity
  }
  // a member that delivers others is given longer, but not for ever: kubo forgets wants without a word
  const { smoothed, timeout, longest } = member.latency
  if (!member.capacity.denies) {
    return route.since + Math.min(timeout, Math.max(MIN_SILENCE, 2 * (smoothed ?? timeout)))
  }
  const most = Math.max(longest, Math.min(4 * (smoothed ?? 0), PATIENCE * longest))
  return Math.min(Math.max(route.since, member.lastProgress) + timeout, route.since + most)
}

/** Time has passed: gives up what took too long, and sweeps. */
export function tick (state: State): void {
  const now = state.now()
  for (const member of state.members.values()) {
    while (timeoutOf(member) <= now) {
      const [route] = member.open
      timedOut(state, member, route)
    }
    if (stallOf(member) <= now) {
      stall(state, member)
    }
  }
  hedgeDue(state)
  if (now - state.lastSweep >= SWEEP) {
    state.lastSweep = now
    sweep(state, now)
  }
}

/**
 * A member had its time. The want stays listed there: a block that comes after all
 * is welcome, and is the first sign of a member that was only suspended.
 */
function timedOut (state: State, member: EngineMember, route: Route): void {
  if (member.capacity.listed === 0) {
    tellCancel(state, member, route)
  }
  list(state, route, member)
  if (member.capacity.denies) {
    member.totals.timeouts++
    endAttempt(state, route, 'timeout')
    fail(state, route, member, 'does not answer in time')
  } else {
    endAttempt(state, route, 'unknown')
    route.note(member, 'unknown', state.now())
    goOn(state, route)
  }
}

function sweep (state: State, now: number): void {
  state.retryTokens = Math.min(MAX_TOKENS, state.retryTokens + TRICKLE)

  for (const peer of state.peers.values()) {
    for (const want of peer.entries) {
      if (want.expires > now) {
        break
      }
      state.totals.expired++
      forgetWant(state, want)
    }
  }
  if (state.unsent > state.limits.unsent * CROWDED) {
    closeUnread(state, now)
  }

  let forgotten = false
  for (const member of state.members.values()) {
    sweepMember(state, member, now)
    if (member.downSince != null && !member.forgotten && now - member.downSince >= state.limits.forgetDownAfter) {
      member.forgotten = true
      forgotten = true
    }
  }
  if (forgotten) {
    for (const route of state.idle) {
      settleIfCertain(state, route)
    }
  }

  let budget = ASK_AGAIN
  for (const route of state.idle) {
    if (route.askAgainAt <= now) {
      reconsider(state, route)
      if (--budget === 0) {
        break
      }
    }
  }
}

/** What waits for others is nearly all that may wait: those that take nothing of it give way to those that would. */
function closeUnread (state: State, now: number): void {
  for (const peer of state.peers.values()) {
    if (peer.replies.size > 0 && now - peer.readAt >= state.limits.unreadTimeout && !state.closing.has(peer.id)) {
      state.totals.closedUnread++
      state.closing.set(peer.id, `took nothing of ${peer.replies.bytes} bytes for ${Math.round((now - peer.readAt) / 1000)} s`)
    }
  }
}

function sweepMember (state: State, member: EngineMember, now: number): void {
  if (member.health.ejectedUntil > 0 && member.health.ejectedUntil <= now) {
    member.health.readmit(now)
    member.state = 'up'
    member.why = member.connected ? undefined : member.why
    state.membersChanged = true
    if (member.connected) {
      wakeIdle(state, member)
    }
  }
  const weight = member.baseWeight * member.health.slowStart(now)
  if (weight !== member.weight) {
    member.weight = weight
    state.membersChanged = true
  }
}
