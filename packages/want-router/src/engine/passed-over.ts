/**
 * Clients that could be charged for a takeover but have no window: each such
 * client remembers the members, which consider them again when its window may have opened.
 */
import { isIdle } from './clients.ts'
import { clientToCharge, clientsToCharge } from './eligibility.ts'
import { answerOf } from './fetch.ts'
import { isAskable } from './members.ts'
import type { Backlog, EngineMember } from './model.ts'
import type { State } from './state.ts'

/** A member cannot take over what it has considered: it has no capacity, or the clients that the attempt could be charged to have no window. */
export function passOver (state: State, { fetch, client, number }: Backlog, member: EngineMember): void {
  member.passedOver = member.passedOver === 0 ? number : Math.min(member.passedOver, number)

  if (clientToCharge(state, fetch, member, client) != null) {
    return
  }

  for (const charged of clientsToCharge(fetch, member)) {
    (charged.passedOverBy ??= new Set()).add(member)

    if (isIdle(charged)) {
      state.scheduler.needMemoryForTakeover.add(charged)
    }
  }
}

/** A restricted fetch has come to wait: members that no waiter with a window may use were passed over when one was chosen. */
export function passOverUncharged (state: State, backlog: Backlog): void {
  const { fetch, client } = backlog

  for (const member of state.members.values()) {
    if (isAskable(member) && answerOf(fetch, member) == null && clientToCharge(state, fetch, member, client) == null) {
      passOver(state, backlog, member)
    }
  }
}
