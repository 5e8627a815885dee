/** When a DONT_HAVE may leave. */
import { sendDontHave } from './deliveries.ts'
import { answerOf, isOnlyWantedBy, waiters } from './fetch.ts'
import { isAskable } from './members.ts'
import type { Eligible, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

/** A member is itself the only waiter of a fetch, and so does not have the block. */
export function isLone ({ memberClients }: State, fetch: Fetch, member: EngineMember): boolean {
  return memberClients.size > 0 && isOnlyWantedBy(fetch, member)
}

/**
 * Whether every configured member, or each of those that a waiter is restricted to,
 * is certain not to have the block of a fetch: those that are up have said so, and those
 * that are down or were removed have been for so long that they do not count. Of one
 * that drains, and of a name that is not a member, it is not known. A member that wants
 * it of us does not have it if it is the only waiter; `except` is one that asks for itself,
 * and is not asked on its own behalf.
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

    if (member === except || isLone(state, fetch, member) || (isAskable(member) && answerOf(fetch, member)?.what === 'dont-have')) {
      certain++
    } else if (member.connected || member.draining || !member.forgotten) {
      return false
    }
  }

  return certain > 0
}

/** Whether a waiter might have used a member that was removed, even if another has its name by now. */
function mayUseDeparted ({ departed }: State, only: Eligible | undefined): boolean {
  return only == null || [...departed].some(id => only.members.has(id))
}

/**
 * Tells waiters that need not wait until all is certain. One that is restricted to
 * some members is told what those say. A client that is a member is told what all
 * others say, though it may be asked itself meanwhile, for another client: two
 * balancers that want the same of each other would wait for each other's answer.
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
