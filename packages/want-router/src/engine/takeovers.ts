/**
 * Fetches that wait for one member, and that another takes over. A fetch that has begun waits at
 * the best of the members that it can be asked of, and none of the others is to be
 * idle meanwhile: one that has capacity left, when all that is in line was served,
 * takes the first that it has not answered. It looks once at each, so that a long
 * list of what it has answered costs nothing. What it could not take then it looks
 * at again when it has become idle, and when a client has a window again on whose
 * account it waits: the client knows who has passed it over.
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

/** Has members that got capacity take over what they can: the last of what a flush does. */
export function takeOverOthers (state: State): void {
  const { scheduler } = state

  for (const member of scheduler.takers) {
    // better to wait for a member that is well; it is looked at again when it may be
    if (member.stalled || state.strategy.avoids?.(member.id) === true) {
      continue
    }

    const seen = member.lookedAt
    // it was ranked again and still waits: with a strategy that changes its mind this would never end
    const tried = new Set<Fetch>()

    if (member.load.wants === 0 && member.passedOver > 0) {
      member.lookedAt = Math.min(member.lookedAt, member.passedOver - 1)
      member.passedOver = 0
    }

    while (hasCapacity(member, 0) && !isSpent(scheduler) && takeOver(state, member, seen, tried)) {}

    if (isSpent(scheduler)) {
      return
    }

    if (scheduler.needBytes.size === 0) {
      scheduler.takers.delete(member) // otherwise it skipped what needs bytes, and looks at that again
    }
  }
}

/** Has a member asked for the next fetch that waits elsewhere and could be asked of it now; false: there is none. */
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
 * Looks on from where the member has looked last. What stands up to `seen` it looks at
 * again; while all bytes are taken, that ends at the first of it that needs some.
 */
function nextTakeover (state: State, member: EngineMember, seen: number, tried: ReadonlySet<Fetch>): Fetch | undefined {
  const { backlogs, needBytes } = state.scheduler
  const allTaken = state.inFlight >= state.limits.inFlight

  if (member.state !== 'up') {
    return
  }

  for (let next = backlogs.after(member.lookedAt); next != null && state.scheduler.looks > 0; next = backlogs.after(member.lookedAt)) {
    const { fetch, number } = next
    state.scheduler.looks--
    const candidate = isCandidate(state, next, member)
    const lacksBytes = candidate && (allTaken || needBytes.size > 0) && bytesAt(next, member) > 0

    if (lacksBytes && needBytes.size > 0) {
      return // others wait for these
    }

    member.lookedAt = lacksBytes ? Math.max(seen, number) : number

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
