/**
 * Members that are also clients: a member does not hold what it wants from this router,
 * so it is not asked for what no other client wants. Two balancers that are members of
 * each other would otherwise pass a want back and forth for ever.
 *
 * A client is recognised as a member by its peer id, or by the peer id that it says it
 * stands for: a balancer asks under another identity than it answers.
 */
import { cancelAttempt, continueFetch } from './attempts.ts'
import { isOnlyWaiter, tellCertain } from './certainty.ts'
import { isUsable } from './eligibility.ts'
import { answerOf } from './fetch.ts'
import { askableMembers } from './members.ts'
import { cancelStanding } from './standing.ts'
import type { EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

/** A member is up, and has that peer id. */
export function memberIs (state: State, member: EngineMember, peer: string): void {
  for (const [id, known] of state.memberOf) {
    if (known === member) {
      state.memberOf.delete(id) // the member has come back with another peer id
    }
  }

  state.memberOf.set(peer, member)
  identify(state, peer)

  for (const [id, of] of state.standIns) {
    if (of === peer) {
      identify(state, id)
    }
  }
}

/** A member is removed: its client is now a client like any other. */
export function memberIsNot ({ memberOf, memberClients }: State, member: EngineMember): void {
  for (const [id, known] of memberOf) {
    if (known === member) {
      memberOf.delete(id)
    }
  }

  for (const client of memberClients) {
    if (client.member === member) {
      client.member = undefined
      memberClients.delete(client)
    }
  }
}

/** A client says that it asks on behalf of that peer. */
export function standsFor (state: State, id: string, of: string): void {
  state.standIns.set(id, of)
  identify(state, id)
}

/** Finds out whether a client is a member, and applies that to its wants. */
export function identify (state: State, id: string): void {
  const client = state.clients.get(id)
  const member = state.memberOf.get(state.standIns.get(id) ?? id)

  if (client == null || member == null || client.member === member) {
    return
  }

  client.member = member
  state.memberClients.add(client)

  // wants that it brought before it was recognised
  for (const { fetch } of client.wants) {
    if (fetch.state !== 'parked') {
      releaseOnlyWaiter(state, fetch)
      onMemberWants(state, fetch, member)
    }
  }
}

/** A waiter has left: if the only one left is a member that is itself being asked, it is no longer asked. */
export function releaseOnlyWaiter (state: State, fetch: Fetch): void {
  const member = fetch.first?.client.member

  if (member == null || !isOnlyWaiter(state, fetch, member)) {
    return
  }

  cancelStanding(state, fetch, member)
  release(state, fetch, member)
}

/**
 * A member wants what it is being asked for: other members are asked first, otherwise two
 * members that ask each other would wait for each other. It gets DONT_HAVE as soon as all
 * others have said so.
 */
export function onMemberWants (state: State, fetch: Fetch, member: EngineMember | undefined): void {
  if (member == null) {
    return
  }

  if (fetch.state === 'open' && askableMembers(state).some(other => other !== member && answerOf(fetch, other) == null && isUsable(fetch, other))) {
    release(state, fetch, member)
  }

  tellCertain(state, fetch)
}

/** Cancels what is open at a member for a fetch, which then continues elsewhere. */
function release (state: State, fetch: Fetch, member: EngineMember): void {
  const { primary, hedge } = fetch

  if (hedge?.member === member) {
    cancelAttempt(state, hedge)
  }

  if (primary?.member === member) {
    cancelAttempt(state, primary)
    continueFetch(state, fetch)
  }
}
