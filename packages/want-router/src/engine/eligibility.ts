/**
 * Which members a waiter may use, where a policy has restricted it. A fetch is
 * shared all the same, unless the restriction is strict: a member may be asked for
 * it if some waiter may use that member, on the account of such a waiter.
 *
 * Names, not members: one that is not a member now may come to be one.
 */
import { isLone } from './certainty.ts'
import { hasWindow } from './clients.ts'
import { answerOf, attemptAt, isOwed, mayUse } from './fetch.ts'
import { isAskable } from './members.ts'
import type { Client, ClientWant, Eligible, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { Restriction } from '../policies/policy.ts'
import type { AskType } from '../strategies/strategy.ts'

/** The members to which a policy restricts a want. */
export function createEligible ({ only, strict = false }: Restriction): Eligible {
  const members = new Set(only)

  return { id: JSON.stringify([...members].sort()), members, strict }
}

/** Whether two wants may use the same members, and both or neither strictly. */
export function isSameEligible (a: Eligible | undefined, b: Eligible | undefined): boolean {
  return a?.id === b?.id && a?.strict === b?.strict
}

/** Whether a member is not to be asked for a fetch, whatever else holds: it is all that waits for it, or none of those that wait may use it. */
export function isBarred (state: State, fetch: Fetch, member: EngineMember): boolean {
  return isLone(state, fetch, member) || (fetch.restricted > 0 && !isUsable(fetch, member))
}

/** Whether some waiter may have a member asked for what it is owed. */
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

/** What a member is asked for: the block only where a waiter that may use it wants that. */
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

/** The client to which an attempt at a member is charged: that one if it may use the member, else one that may and has a window. */
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

/** The client that attempts at a member pass to when `from` leaves; it itself, if another want of it may use the member. */
export function heirAt (fetch: Fetch, member: EngineMember, from: Client): Client | undefined {
  let heir: Client | undefined

  for (let want = fetch.first; want != null; want = want.nextWaiter) {
    if (mayUse(want, member)) {
      heir = want.client === from || heir == null ? want.client : heir
    }
  }

  return heir
}

/** Whether a waiter may use a member that was not asked, or that has it: what came to nothing for others may not for this one. */
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

/** Whether a strict fetch, or the shared one beside it, has the member asked for the same block: nodes keep wants by CID, so that one of them waits. */
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

/** A member that is a client, too, is not asked on its own behalf. */
function isServedBy (want: ClientWant, member: EngineMember): boolean {
  return isOwed(want) && mayUse(want, member) && want.client.member !== member
}
