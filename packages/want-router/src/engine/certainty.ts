/** When a DONT_HAVE may be sent. */
import { sendDontHave } from './deliveries.ts'
import { answerOf, isOnlyWantedBy, waiters } from './fetch.ts'
import { isAskable } from './members.ts'
import type { Eligible, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

/** Whether a member is itself the only waiter of a fetch, and so does not hold the block. */
export function isOnlyWaiter ({ memberClients }: State, fetch: Fetch, member: EngineMember): boolean {
  return memberClients.size > 0 && isOnlyWantedBy(fetch, member)
}

/**
 * Whether every configured member, or every member that a waiter is restricted to,
 * certainly does not hold the block of a fetch. A member that is up has said so; a member
 * that was down or removed for long enough no longer counts. What a draining member holds
 * is unknown, and so is what a name that is no member stands for. A member that is itself
 * the only waiter does not hold the block. `except` is a member that asks for itself, and
 * is not asked on its own behalf.
 */
export function isCertain (state: State, fetch: Fetch, only?: Eligible, except?: EngineMember): boolean {
  if (!fetch.verifiable) {
    return true
  }

  if (state.departed.size > 0 && mayUseDeparted(state, only)) {
    return false
  }

  let certain = 0

  for (const id of only?.members ?? state.members.keys()) {
    const member = state.members.get(id)

    if (member == null) {
      return false
    }

    if (member === except || isOnlyWaiter(state, fetch, member) || (isAskable(member) && answerOf(fetch, member)?.what === 'dont-have')) {
      certain++
    } else if (member.connected || member.draining || !member.forgotten) {
      return false
    }
  }

  return certain > 0
}

/** Whether a waiter may use a member that was removed, even if another member has its name by now. */
function mayUseDeparted ({ departed }: State, only: Eligible | undefined): boolean {
  return only == null || [...departed].some(id => only.members.has(id))
}

/**
 * Sends DONT_HAVE to waiters that need not wait for every member. A restricted waiter
 * needs only the answers of the members that it may use. A client that is a member needs
 * only the answers of the others, even while it is asked itself for another client: two
 * balancers that want the same block from each other would otherwise wait for each other.
 */
export function tellCertain (state: State, fetch: Fetch): void {
  if (state.memberClients.size === 0 && fetch.restricted === 0) {
    return
  }

  for (const want of waiters(fetch)) {
    const { only, client: { member } } = want

    if ((member != null || only != null) && !want.haveSent && !want.dontHaveSent && isCertain(state, fetch, only, member)) {
      sendDontHave(state, want)
    }
  }
}
