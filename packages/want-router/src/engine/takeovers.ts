/**
 * Takeovers: a member with free capacity is asked for a fetch that is backlogged at another
 * member. A backlogged fetch waits at the best of its members, but the others should not be idle
 * meanwhile: a member that has capacity left after all clients in line were served takes over
 * the first fetch that it has not answered. It considers each fetch once, so that a long list of
 * fetches that it has answered costs nothing. A fetch that it could not take over is passed
 * over, and considered again when the member has become idle, or when a client that could be
 * charged has a window again: such a client remembers the members that passed over its fetches.
 */
import { shortage } from './candidates.ts'
import { expectedBytes } from './clients.ts'
import { attemptAgain } from './continuations.ts'
import { isBarred, clientToCharge, typeAt } from './eligibility.ts'
import { answerOf } from './fetch.ts'
import { hasCapacity } from './members.ts'
import { passOver } from './passed-over.ts'
import { isSpent } from './rounds.ts'
import type { Backlog, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

/** Has members with free capacity take over what they can. A flush does this last. */
export function takeOverOthers (state: State): void {
  const { scheduler } = state

  for (const member of scheduler.takeoverMembers) {
    // waiting for a healthy member is better; this one stays in the set and is tried again in later flushes
    if (member.stalled || state.strategy.avoids?.(member.id) === true) {
      continue
    }

    const seen = member.considered
    // fetches that were ranked again and still wait: with a strategy that changes its ranking each time, the loop would never end
    const tried = new Set<Fetch>()

    if (member.load.wants === 0 && member.passedOver > 0) {
      member.considered = Math.min(member.considered, member.passedOver - 1)
      member.passedOver = 0
    }

    while (hasCapacity(member, 0) && !isSpent(scheduler) && takeOver(state, member, seen, tried)) {}

    if (isSpent(scheduler)) {
      return
    }

    if (scheduler.needBytes.size === 0) {
      scheduler.takeoverMembers.delete(member) // otherwise it has skipped fetches that need bytes, and has to consider them again
    }
  }
}

/** Has a member take over the next fetch that it can serve now; false: there is none. */
function takeOver (state: State, member: EngineMember, seen: number, tried: Set<Fetch>): boolean {
  const fetch = nextTakeover(state, member, seen, tried)

  if (fetch == null) {
    return false
  }

  attemptAgain(state, fetch)

  if (fetch.backlog != null) {
    tried.add(fetch)
    passOver(state, fetch.backlog, member)
  }

  return true
}

/**
 * The next fetch that a member can take over, from where it stopped before. Fetches up to
 * number `seen` are considered for the second time: while all bytes are reserved, the
 * member then stops at the first of them that needs bytes.
 */
function nextTakeover (state: State, member: EngineMember, seen: number, tried: ReadonlySet<Fetch>): Fetch | undefined {
  const { backlogs, needBytes } = state.scheduler
  const allTaken = state.inFlight >= state.limits.inFlight

  if (member.state !== 'up') {
    return
  }

  for (let next = backlogs.after(member.considered); next != null && state.scheduler.considerations > 0; next = backlogs.after(member.considered)) {
    const { fetch, number } = next
    state.scheduler.considerations--
    const candidate = isCandidate(state, next, member)
    const lacksBytes = candidate && (allTaken || needBytes.size > 0) && bytesAt(next, member) > 0

    if (lacksBytes && needBytes.size > 0) {
      return // clients in line wait for these bytes
    }

    member.considered = lacksBytes ? Math.max(seen, number) : number

    if (candidate && !tried.has(fetch) && hasCapacityFor(state, next, member)) {
      return fetch
    }

    if (candidate) {
      passOver(state, next, member)
    }
  }
}

function isCandidate (state: State, { fetch, member: awaited }: Backlog, member: EngineMember): boolean {
  return member !== awaited && answerOf(fetch, member) == null && !isBarred(state, fetch, member) && state.strategy.avoids?.(member.id, fetch) !== true
}

function hasCapacityFor (state: State, { fetch, client }: Backlog, member: EngineMember): boolean {
  const charged = clientToCharge(state, fetch, member, client)

  return charged != null && shortage(state, fetch, member, charged) == null
}

function bytesAt ({ fetch, client }: Backlog, member: EngineMember): number {
  return expectedBytes(typeAt(fetch, member), fetch, client, member.capacity.supportsDontHave)
}
