/**
 * Who may ask a member for what waits for another, and has no window: each such
 * client remembers the members, which look again when its window may have opened.
 */
import { isIdle } from './clients.ts'
import { payerAt, payersAt } from './eligibility.ts'
import { answerOf } from './fetch.ts'
import { isAskable } from './members.ts'
import type { Backlog, EngineMember } from './model.ts'
import type { State } from './state.ts'

/** A member cannot take over what it has looked at: it lacks capacity, or those that would pay lack a window. */
export function passOver (state: State, { fetch, client, number }: Backlog, member: EngineMember): void {
  member.passedOver = member.passedOver === 0 ? number : Math.min(member.passedOver, number)

  if (payerAt(state, fetch, member, client) != null) {
    return
  }

  for (const payer of payersAt(fetch, member)) {
    (payer.passedOverBy ??= new Set()).add(member)

    if (isIdle(payer)) {
      state.scheduler.passedOverForMemory.add(payer)
    }
  }
}

/** A restricted fetch has come to wait: members for which nobody could pay were passed over when one was chosen. */
export function passOverUnpaid (state: State, backlog: Backlog): void {
  const { fetch, client } = backlog

  for (const member of state.members.values()) {
    if (isAskable(member) && answerOf(fetch, member) == null && payerAt(state, fetch, member, client) == null) {
      passOver(state, backlog, member)
    }
  }
}
