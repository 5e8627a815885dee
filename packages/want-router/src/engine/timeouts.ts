/**
 * Everything that happens because time passes: timeouts, stalls, hedges, expiry, asking
 * again, and the steps of a member's life. Each comes from an ordered structure, so that
 * nothing walks through all members or clients, and a tick does a bounded amount of work.
 */
import { fail } from './answers.ts'
import { endAttempt, continueFetch, stall } from './attempts.ts'
import { reconsider } from './exhaustion.ts'
import { noteAnswer } from './fetch.ts'
import { nextHedge, openHedges } from './hedges.ts'
import { nextStep, takeStep } from './member-lifecycle.ts'
import { forgetDeparted } from './membership.ts'
import { enqueueCancel } from './outbox.ts'
import { keepStanding } from './standing.ts'
import { endWant } from './want-ends.ts'
import type { Attempt, Client, EngineMember } from './model.ts'
import type { State } from './state.ts'

// ms after which the silence of a member whose protocol has no DONT_HAVE counts as an answer; boxo waits 50 ms to 7 s, by twice the mean
const MIN_SILENCE = 200
// how many of the longest timeouts a slow member has for a want while it answers other wants
const MOST_TIMEOUTS = 3
// share of the limit of unsent bytes above which clients that take nothing are disconnected
const NEARLY_FULL = 0.75
// fetches of one client that are asked again before the next client's
const ASK_AGAIN_ROUND = 8
// timeouts, hedges, expiries, fetches asked again, and members and clients whose timers are due, a tick. Due timers
// count, so that an owner whose due time does not advance cannot make a tick endless
const MAX_WORK = 2000

/** When the next tick is needed, ms; Infinity: none is. */
export function nextDeadline (state: State): number {
  const now = state.now()

  return Math.min(
    state.memberTimers.next(),
    state.departedUntil ?? Infinity,
    state.clientTimers.next(),
    nextHedge(state),
    state.fetches.delayed.size > 0 ? state.retryBudget.nextAt(now) : Infinity,
    state.askingAgain.size > 0 ? state.askAgainBudget.nextAt(now) : Infinity,
    nextUnread(state)
  )
}

/** When a member's next timeout, stall or lifecycle step is due, ms; Infinity: none is. */
export function memberDue (state: State, member: EngineMember): number {
  const { first: attempt } = member.open

  return attempt == null ? nextStep(state, member) : Math.min(stallsAt(member, attempt), timesOutAt(attempt), nextStep(state, member))
}

/** Does what is due. */
export function tick (state: State): void {
  let left = MAX_WORK
  left = tickMembers(state, left)
  forgetDeparted(state)
  left = openHedges(state, left)
  left = tickClients(state, left)
  askAgain(state, left)
  closeUnread(state)
}

function tickMembers (state: State, most: number): number {
  const now = state.now()
  let left = most

  while (left > 0) {
    const member = state.memberTimers.take(now)

    if (member == null) {
      break
    }

    left--
    left = timeOut(state, member, left)
    takeStep(state, member)
    state.memberTimers.touch(member)
  }

  return left
}

/** Ends the attempts at a member that have timed out, at most `most`; returns what is left of `most`. */
function timeOut (state: State, member: EngineMember, most: number): number {
  const now = state.now()
  let left = most

  for (let attempt = member.open.first; attempt != null; attempt = member.open.first) {
    if (left === 0 || timesOutAt(attempt) > now) {
      if (stallsAt(member, attempt) <= now) {
        stall(state, member)
      }

      break
    }

    timedOut(state, attempt)
    left--
  }

  return left
}

/** When a silent member counts as stalled; `attempt` is the one that has been open there for the longest time. */
function stallsAt ({ stalled, capacity, lastProgress, latency }: EngineMember, { timedFrom }: Attempt): number {
  return stalled || !capacity.supportsDontHave ? Infinity : Math.max(timedFrom, lastProgress) + latency.stallTimeout
}

/** When an attempt times out that has been open at its member for the longest time. */
function timesOutAt ({ member, timedFrom }: Attempt): number {
  // a member that answers other wants has more time, but not for ever: kubo silently forgets wants
  const { latency, capacity, lastProgress } = member
  const { smoothed, timeout, longest } = latency

  if (!capacity.supportsDontHave) {
    return timedFrom + Math.min(timeout, Math.max(MIN_SILENCE, 2 * (smoothed ?? timeout)))
  }

  const most = Math.max(longest, Math.min(4 * (smoothed ?? 0), MOST_TIMEOUTS * longest))

  return Math.min(Math.max(timedFrom, lastProgress) + timeout, timedFrom + most)
}

/**
 * Ends an attempt that has timed out. The want stays at the member as a standing want: a
 * late block is still useful, and is the first sign of life of a member whose process was
 * only suspended.
 */
function timedOut (state: State, attempt: Attempt): void {
  const { member, fetch } = attempt

  if (member.capacity.standing === 0) {
    enqueueCancel(state.outbox, member, fetch)
  }

  if (member.capacity.supportsDontHave) {
    member.totals.timeouts++
    endAttempt(state, attempt, 'timeout')
    keepStanding(state, fetch, member)
    fail(state, fetch, member, 'does not answer in time')
  } else {
    endAttempt(state, attempt, 'unknown')
    keepStanding(state, fetch, member)
    noteAnswer(fetch, member, 'unknown', state.now())
    continueFetch(state, fetch)
  }
}

function tickClients (state: State, most: number): number {
  const now = state.now()
  let left = most

  while (left > 0) {
    const client = state.clientTimers.take(now)

    if (client == null) {
      break
    }

    left--

    for (const want of client.wants) {
      if (want.expires > now || left === 0) {
        break
      }

      left--
      state.totals.expired++
      endWant(state, want, 'expired')
    }

    if (client.askAgain != null && client.askAgain.next() <= now) {
      state.askingAgain.add(client)
    }

    state.clientTimers.touch(client)
  }

  return left
}

/** When a client's next timer is due, ms: its first want expires, or its exhausted fetches are asked again. */
export function clientDue (state: State, client: Client): number {
  const [first] = client.wants
  const askAgain = state.askingAgain.has(client) ? Infinity : client.askAgain?.next()

  return Math.min(first?.expires ?? Infinity, askAgain ?? Infinity)
}

/**
 * Asks exhausted fetches again, a few of each client in rounds: a client with many wants that no member can
 * serve does not delay others.
 */
function askAgain (state: State, most: number): void {
  const now = state.now()
  let left = most

  for (const client of state.askingAgain) {
    for (let i = 0; i < ASK_AGAIN_ROUND; i++) {
      const fetch = client.askAgain?.due(now)

      if (fetch == null) {
        state.askingAgain.delete(client)
        state.clientTimers.touch(client)
        break
      }

      if (left-- === 0 || !state.askAgainBudget.spend(now)) {
        return
      }

      reconsider(state, fetch)
    }

    if (state.askingAgain.delete(client)) {
      state.askingAgain.add(client)
    }
  }
}

function isNearlyFull ({ unsent, limits }: State): boolean {
  return unsent > limits.unsent * NEARLY_FULL
}

function nextUnread (state: State): number {
  if (!isNearlyFull(state)) {
    return Infinity
  }

  const [first] = state.unread

  return first == null ? Infinity : first.readAt + state.limits.unreadTimeout
}

/** Closes clients that have taken nothing for too long, while unsent bytes are near their limit: they would hold up clients that read. */
function closeUnread (state: State): void {
  if (!isNearlyFull(state)) {
    return
  }

  const now = state.now()

  for (const client of state.unread) {
    if (now - client.readAt < state.limits.unreadTimeout) {
      return
    }

    state.totals.closedUnread++
    state.outbox.closing.set(client.id, { why: `took nothing of ${client.replies.bytes} bytes for ${Math.round((now - client.readAt) / 1000)} s`, unread: true })
    // if the client is not closed after all, its time starts over
    client.readAt = now
    state.unread.delete(client)
    state.unread.add(client)
  }
}
