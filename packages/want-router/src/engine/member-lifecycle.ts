/**
 * The life of a member: up, ejected, readmitted, down, forgotten. Other members are asked
 * for what a lost member owes; a member that comes back is asked for what is exhausted.
 */
import { endAttempt, continueFetch } from './attempts.ts'
import { backlogOf } from './backlogs.ts'
import { settleExhausted, wakeExhausted } from './exhaustion.ts'
import { toContinuing } from './fetches.ts'
import { changeMember, isHealthy } from './members.ts'
import { enqueueCancel } from './outbox.ts'
import { freeAllCapacity } from './rounds.ts'
import type { EngineMember } from './model.ts'
import type { State } from './state.ts'
import type { Capacity } from '../targets/target.ts'

// ms between two steps in which a readmitted member regains its weight
const WEIGHT_STEP = 1000

/** A member can be asked from now on, or reports its capacity again. */
export function memberUp (state: State, member: EngineMember, capacity: Partial<Capacity> = {}): void {
  changeMember(state, member, () => {
    member.connected = true
    member.capacity = { ...member.capacity, ...capacity }
  })
  member.downSince = undefined
  member.forgotten = false
  member.lastProgress = state.now()
  member.window.reset()

  if (member.health.ejectedUntil === 0) {
    member.why = undefined
  }

  membersChanged(state, member)
  wakeExhausted(state, member)
}

/** A member is lost; what it answered before no longer counts. */
export function memberDown (state: State, member: EngineMember, why = 'disconnected'): void {
  member.why = why

  if (!member.connected) {
    return
  }

  disconnect(state, member, 'failed')
  member.downSince = state.now()
  membersChanged(state, member)

  // a draining member may well be restarted
  if (!member.draining && member.health.lost(state.now())) {
    eject(state, member, 'keeps losing its connection')
  }
}

/** Marks a member as disconnected: its attempts end with that result. */
export function disconnect (state: State, member: EngineMember, result: 'failed' | 'cancelled'): void {
  changeMember(state, member, () => { member.connected = false })
  releaseMember(state, member, result)
  member.epoch++
  member.considered = 0
  member.standing.clear()
  member.pendingBytes = 0
  state.outbox.drop(member)
}

/** Ejects a failing member, unless it drains or is the last healthy one; other members are asked for what it owes. */
export function eject (state: State, member: EngineMember, why: string): void {
  const others = state.memberCounts.healthy - Number(isHealthy(member))

  if (member.state !== 'up' || others === 0) {
    return
  }

  changeMember(state, member, () => { member.state = 'ejected' })
  member.why = why
  member.totals.ejections++
  member.health.eject(state.now())
  membersChanged(state, member)
  releaseMember(state, member, 'failed')
}

/** When the next timed step of a member's life is due: it is readmitted, regains weight, or is forgotten; Infinity: none is. */
export function nextStep (state: State, member: EngineMember): number {
  const { health, weight, baseWeight, downSince, forgotten } = member
  const readmitted = health.ejectedUntil > 0 ? health.ejectedUntil : Infinity
  const heavier = weight < baseWeight ? member.weighedAt + WEIGHT_STEP : Infinity
  const forgottenAt = downSince != null && !forgotten ? downSince + state.limits.forgetDownAfter : Infinity

  return Math.min(readmitted, heavier, forgottenAt)
}

/** Takes the steps of a member's life that are due. */
export function takeStep (state: State, member: EngineMember): void {
  const now = state.now()

  if (member.health.ejectedUntil > 0 && member.health.ejectedUntil <= now) {
    readmit(state, member)
  }

  if (member.weight < member.baseWeight && now - member.weighedAt >= WEIGHT_STEP) {
    weigh(state, member)
  }

  if (member.downSince != null && !member.forgotten && now - member.downSince >= state.limits.forgetDownAfter) {
    member.forgotten = true
    settleExhausted(state)
  }
}

function readmit (state: State, member: EngineMember): void {
  const now = state.now()
  member.health.readmit(now)
  changeMember(state, member, () => { member.state = stateOf(member) })
  weigh(state, member)
  member.why = member.connected ? undefined : member.why
  wakeExhausted(state, member)
}

/** The state of a connected member. A draining member is neither up nor ejected; it is one of the two again when it no longer drains. */
export function stateOf ({ draining, health }: EngineMember): EngineMember['state'] {
  const asked = health.ejectedUntil > 0 ? 'ejected' : 'up'

  return draining ? 'draining' : asked
}

/** Sets a member's weight: a readmitted member regains it step by step. */
export function weigh (state: State, member: EngineMember): void {
  member.weight = member.baseWeight * member.health.slowStart(state.now())
  member.weighedAt = state.now()
  membersChanged(state, member)
}

/** Has other members asked for everything that was open at a lost member or waited for it, exempt from the budget. */
function releaseMember (state: State, member: EngineMember, result: 'failed' | 'cancelled'): void {
  for (const attempt of [...member.hedges, ...member.open]) {
    const { fetch } = attempt
    const wasPrimary = fetch.primary === attempt

    if (endAttempt(state, attempt, result) && member.connected) {
      enqueueCancel(state.outbox, member, fetch)
    }

    if (wasPrimary) {
      continueFetch(state, fetch)
    }
  }

  releaseBacklog(state, member)
}

/** Has other members asked for what waits for a member that cannot be asked any more. */
export function releaseBacklog (state: State, member: EngineMember): void {
  for (const fetch of backlogOf(member)) {
    toContinuing(state, fetch)
  }
}

/** Notes that members have changed: the next flush tells the strategy. */
export function membersChanged (state: State, member: EngineMember): void {
  state.membersChanged = true
  state.memberTimers.touch(member)
  freeAllCapacity(state) // any fetch may be asked of other members now
}
