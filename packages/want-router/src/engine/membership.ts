/**
 * Adds, removes, drains and changes members while the engine runs.
 *
 * A draining member is asked nothing new, and what is open at it finishes. What it holds
 * counts as unknown. A removed member counts as one that is down until it would have been
 * forgotten.
 */
import { InvalidOptionError } from '../errors.ts'
import { settleExhausted, wakeExhausted } from './exhaustion.ts'
import { memberIsNot } from './loops.ts'
import { disconnect, membersChanged, releaseBacklog, stateOf, weigh } from './member-lifecycle.ts'
import { changeMember, createMember, updateStrategy } from './members.ts'
import type { MemberChange } from './io.ts'
import type { EngineMember } from './model.ts'
import type { State } from './state.ts'
import type { MemberInit } from '../targets/target.ts'

/**
 * Checks that members have distinct ids and valid weights.
 *
 * @throws {InvalidOptionError} two have the same id, or a weight is not a number above 0
 */
export function checkMembers (inits: readonly MemberInit[]): void {
  const ids = new Set<string>()

  for (const { id, weight } of inits) {
    if (ids.has(id)) {
      throw new InvalidOptionError(`two members are called "${id}": give each target a unique name`)
    }

    ids.add(id)

    if (weight != null && !(weight > 0 && weight < Infinity)) {
      throw new InvalidOptionError(`member "${id}" has weight ${weight}: a weight must be a number above 0`)
    }
  }
}

/**
 * Adds a member. Until it is connected it counts as one that is down; when it comes up,
 * it is asked for what is exhausted.
 *
 * @throws {InvalidOptionError} there is a member with that id, the weight is invalid, or the strategy cannot take the member
 */
export function addMember (state: State, init: MemberInit): void {
  checkAll(state, [...initsOf(state), init])

  if (state.membersChanged) {
    // a strategy that knows members by id must forget a removed member before another gets its id
    updateStrategy(state)
  }

  const member = createMember(init, state.limits, state.now(), ++state.generations)
  state.members.set(init.id, member)
  membersChanged(state, member)
}

/** Removes a member: other members are asked at once for what is open at it. */
export function removeMember (state: State, member: EngineMember): void {
  if (member.connected) {
    disconnect(state, member, 'cancelled')
    member.downSince = state.now()
  }

  member.epoch++ // its answers must not count for a later member with its id
  memberIsNot(state, member)
  membersChanged(state, member)
  state.members.delete(member.id)
  state.memberTimers.remove(member)
  state.emptying.delete(member)
  state.scheduler.freed.delete(member)
  state.scheduler.takeoverMembers.delete(member)

  const forgottenAt = (member.downSince ?? state.now()) + state.limits.forgetDownAfter

  if (forgottenAt > state.now()) {
    state.departedUntil = Math.max(state.departedUntil ?? 0, forgottenAt)
    state.departed.add(member.id)
  } else {
    settleExhausted(state)
  }
}

/** Removed members no longer keep a DONT_HAVE from being sent, once the last of them would have been forgotten. */
export function forgetDeparted (state: State): void {
  if (state.departedUntil != null && state.departedUntil <= state.now()) {
    state.departedUntil = undefined
    state.departed.clear()
    settleExhausted(state)
  }
}

/**
 * Changes the given fields of a member.
 *
 * @throws {InvalidOptionError} the weight is invalid, or the strategy cannot take the labels
 */
export function updateMember (state: State, member: EngineMember, { weight, labels, draining }: MemberChange): void {
  if (weight != null || labels != null) {
    const { id, baseWeight } = member
    checkAll(state, initsOf(state).map(init => init.id === id ? { id, weight: weight ?? baseWeight, labels: labels ?? init.labels } : init))
    member.labels = labels ?? member.labels
    member.baseWeight = weight ?? baseWeight
    weigh(state, member)
  }

  if (draining === true) {
    if (!member.draining) {
      drain(state, member)
    }

    state.emptying.add(member)
  } else if (draining === false && member.draining) {
    resume(state, member)
  }
}

function drain (state: State, member: EngineMember): void {
  changeMember(state, member, () => {
    member.draining = true
    member.state = stateOf(member)
  })
  releaseBacklog(state, member)
  membersChanged(state, member)
}

function resume (state: State, member: EngineMember): void {
  changeMember(state, member, () => {
    member.draining = false
    member.state = stateOf(member)
  })
  state.emptying.delete(member)
  membersChanged(state, member)

  if (member.connected) {
    wakeExhausted(state, member)
  } else if (member.forgotten) {
    settleExhausted(state)
  }
}

function initsOf ({ members }: State): MemberInit[] {
  return Array.from(members.values(), ({ id, baseWeight, labels }) => ({ id, weight: baseWeight, labels }))
}

function checkAll (state: State, inits: readonly MemberInit[]): void {
  checkMembers(inits)
  state.tryStrategy(inits)
}
