/**
 * Which members a waiter may use if a policy has restricted it. Unless the restriction is
 * strict, the waiter still shares the fetch: a member may be asked if some waiter may use
 * it, and the attempt is charged to such a waiter.
 *
 * Restrictions are names, not members: a name may become a member later.
 */
import { isOnlyWaiter } from './certainty.ts'
import { hasWindow } from './clients.ts'
import { answerOf, attemptAt, isOwed, mayUse } from './fetch.ts'
import { isAskable } from './members.ts'
import type { Client, ClientWant, Eligible, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { Restriction } from '../policies/policy.ts'
import type { AskType } from '../strategies/strategy.ts'

/** Makes the set of members to which a policy restricts a want. */
export function createEligible ({ only, strict = false }: Restriction): Eligible {
  const members = new Set(only)

  return { id: JSON.stringify([...members].sort()), members, strict }
}

/** Whether two wants may use the same members, and both or neither strictly. */
export function isSameEligible (a: Eligible | undefined, b: Eligible | undefined): boolean {
  return a?.id === b?.id && a?.strict === b?.strict
}

/** Whether a member must not be asked for a fetch: the member is the only waiter, or no waiter may use it. */
export function isBarred (state: State, fetch: Fetch, member: EngineMember): boolean {
  return isOnlyWaiter(state, fetch, member) || (fetch.restricted > 0 && !isUsable(fetch, member))
}

/** Whether some waiter is owed something and may use a member for it. */
export function isUsable (fetch: Fetch, member: EngineMember): boolean {
  if (fetch.restricted === 0) {
    return true
  }

  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (isServedBy(want, member)) {
      return true
    }
  }

  return false
}

/** What a member is asked for: the block only if a waiter that may use the member wants the block. */
export function typeAt (fetch: Fetch, member: EngineMember): AskType {
  if (fetch.restricted === 0 || fetch.type === 'have') {
    return fetch.type
  }

  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (want.type === 'block' && isServedBy(want, member)) {
      return 'block'
    }
  }

  return 'have'
}

/**
 * The client to which an attempt at a member is charged: the given one if it may use the member, otherwise
 * one that may and has a window.
 */
export function clientToCharge (state: State, fetch: Fetch, member: EngineMember, client: Client): Client | undefined {
  if (fetch.restricted === 0 || isAccountOf(fetch, member, client)) {
    return client
  }

  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (isServedBy(want, member) && hasWindow(state, want.client)) {
      return want.client
    }
  }
}

/** All clients to which an attempt at a member might be charged if they had a window. */
export function * clientsToCharge (fetch: Fetch, member: EngineMember): Iterable<Client> {
  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (isServedBy(want, member)) {
      yield want.client
    }
  }
}

/**
 * The client that attempts at a member are charged to when a want of `from` leaves; `from` itself, if another
 * of its wants may use the member.
 */
export function successorAt (fetch: Fetch, member: EngineMember, from: Client): Client | undefined {
  let successor: Client | undefined

  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (mayUse(want, member)) {
      successor = want.client === from || successor == null ? want.client : successor
    }
  }

  return successor
}

/**
 * Whether a waiter may use a member that has not answered, or that holds the block: what failed for other
 * waiters may succeed for this one.
 */
export function hasUntried ({ members }: State, fetch: Fetch, want: ClientWant): boolean {
  for (const member of members.values()) {
    if (isAskable(member) && isServedBy(want, member)) {
      const what = answerOf(fetch, member)?.what

      if (what == null || what === 'have') {
        return true
      }
    }
  }

  return false
}

/** Whether another fetch for the same block, strict or shared, is open at the member: nodes keep wants by CID, so one of the two has to wait. */
export function isOpenElsewhere ({ fetches }: State, fetch: Fetch, member: EngineMember): boolean {
  const strict = fetches.strict.size === 0 ? undefined : fetches.strict.get(fetch.key)

  if (strict == null) {
    return false
  }

  for (const other of [fetches.all.get(fetch.key), ...strict]) {
    if (other != null && other !== fetch && attemptAt(other, member) != null) {
      return true
    }
  }

  return false
}

function isAccountOf (fetch: Fetch, member: EngineMember, client: Client): boolean {
  for (let want = client.wantsByKey.get(fetch.key); want != null; want = want.sibling) {
    if (want.fetch === fetch && isServedBy(want, member)) {
      return true
    }
  }

  return false
}

/** Whether a waiter is owed something that a member could be asked for. A member that is also a client is not asked on its own behalf. */
function isServedBy (want: ClientWant, member: EngineMember): boolean {
  return isOwed(want) && mayUse(want, member) && want.client.member !== member
}
