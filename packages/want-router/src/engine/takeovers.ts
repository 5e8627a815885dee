/**
 * What a member takes over that waits for another. A fetch that has begun waits at
 * the best of the members that it can be asked of, and none of the others is to be
 * idle meanwhile: one that has capacity left, when all that is in line was served,
 * takes the first that it has not answered. It looks once at each, so that a long
 * list of what it has answered costs nothing; only one that is idle, and could not
 * take something, looks at all of them again.
 */
import { shortage } from './candidates.ts'
import { expectedBytes } from './clients.ts'
import { attemptAgain } from './continuations.ts'
import { isBarred, payerAt, typeAt } from './eligibility.ts'
import { answerOf } from './fetch.ts'
import { hasCapacity } from './members.ts'
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
    if (passesOver(member)) {
      member.passedOver = false
      member.lookedAt = 0
    }
    while (hasCapacity(member, 0) && !isSpent(scheduler) && takeOver(state, member)) {}
    if (isSpent(scheduler)) {
      return
    }
    // it looks again when nothing waits for bytes any more, and while it is idle: the windows of clients may have opened
    if (scheduler.needBytes.size === 0 && !passesOver(member)) {
      scheduler.takers.delete(member)
    }
  }
}

/** It is idle, and there was something that it could not take. */
function passesOver ({ passedOver, load }: EngineMember): boolean {
  return passedOver && load.wants === 0
}

/** Has a member asked for the next fetch that waits elsewhere and could be asked of it now; false: there is none. */
function takeOver (state: State, member: EngineMember): boolean {
  const fetch = nextTakeover(state, member)
  if (fetch == null) {
    return false
  }
  attemptAgain(state, fetch)
  member.passedOver ||= fetch.state === 'backlogged'
  return true
}

/** Looks on from where the member has looked last. */
function nextTakeover (state: State, member: EngineMember): Fetch | undefined {
  const { backlogs, needBytes } = state.scheduler
  if (member.state !== 'up') {
    return
  }
  for (let next = backlogs.after(member.lookedAt); next != null && state.scheduler.looks > 0; next = backlogs.after(next.number)) {
    const { fetch } = next
    state.scheduler.looks--
    const candidate = isCandidate(state, next, member)
    if (candidate && needBytes.size > 0 && bytesAt(next, member) > 0) {
      return // others wait for these
    }
    member.lookedAt = next.number
    if (candidate && hasCapacityFor(state, next, member)) {
      return fetch
    }
    member.passedOver ||= candidate
  }
}

function isCandidate (state: State, { fetch, member: awaited }: Backlog, member: EngineMember): boolean {
  return member !== awaited && answerOf(fetch, member) == null && !isBarred(state, fetch, member) && state.strategy.avoids?.(member.id, fetch) !== true
}

function hasCapacityFor (state: State, { fetch, client }: Backlog, member: EngineMember): boolean {
  const payer = payerAt(state, fetch, member, client)
  return payer != null && shortage(state, fetch, member, payer) == null
}

function bytesAt ({ fetch, client }: Backlog, member: EngineMember): number {
  return expectedBytes(typeAt(fetch, member), fetch, client, member.capacity.supportsDontHave)
}
