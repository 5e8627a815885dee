/**
 * Standing wants: a member that said DONT_HAVE keeps the want, so that it sends a block
 * that it gets later by itself. A member's standing wants and the answers of their
 * fetches are kept together.
 */
import { answeredMembers } from './fetch.ts'
import { enqueueCancel } from './outbox.ts'
import type { EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

/** Notes that a member keeps a want that it did not serve. If there are too many, the oldest is cancelled. */
export function keepStanding (state: State, fetch: Fetch, member: EngineMember): void {
  if (member.capacity.standing === 0) {
    return
  }

  member.standing.set(fetch.key, fetch)

  if (member.standing.size > member.capacity.standing) {
    const [oldest] = member.standing.values()
    cancelStanding(state, oldest, member)
  }
}

/** Whether a member keeps this fetch as a standing want. */
export function isStanding (fetch: Fetch, { standing }: EngineMember): boolean {
  return standing.get(fetch.key) === fetch
}

/** Cancels a standing want at a member, if the member keeps it. */
export function cancelStanding (state: State, fetch: Fetch, member: EngineMember): void {
  if (forgetStanding(fetch, member)) {
    enqueueCancel(state.outbox, member, fetch)
  }
}

/** Cancels a standing want at every member that keeps it, except `except`, which has just served it. */
export function cancelAllStanding (state: State, fetch: Fetch, except?: EngineMember): void {
  for (const member of answeredMembers(fetch)) {
    if (member === except) {
      forgetStanding(fetch, member)
    } else {
      cancelStanding(state, fetch, member)
    }
  }
}

function forgetStanding (fetch: Fetch, member: EngineMember): boolean {
  if (!isStanding(fetch, member)) {
    return false
  }

  member.standing.delete(fetch.key)
  member.recent.add(fetch.hash)

  return true
}
