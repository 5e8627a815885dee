/**
 * Members that are clients, too: what a member wants of us it does not have, so
 * it is not asked for what no other client wants. Two balancers that are each
 * other's members would otherwise pass a want back and forth for ever.
 *
 * A member is known as a client by its peer id, or by the peer id that a client
 * says it stands for: a balancer asks under another identity than it answers.
 */
import { cancelAttempt, goOn } from './attempts.ts'
import { isLone, tellCertain } from './certainty.ts'
import { isUsable } from './eligibility.ts'
import { answerOf } from './fetch.ts'
import { askableMembers } from './members.ts'
import { cancelStanding } from './standing.ts'
import type { EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

/** A member has come up as that peer. */
export function memberIs (state: State, member: EngineMember, peer: string): void {
  for (const [id, known] of state.memberOf) {
    if (known === member) {
      state.memberOf.delete(id) // it has come back as another
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

/** A member is removed: the client that it was is a client like any other. */
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

/** A client says that it asks for that peer. */
export function standsFor (state: State, id: string, of: string): void {
  state.standIns.set(id, of)
  identify(state, id)
}

/** Finds out whether a client is a member. */
export function identify (state: State, id: string): void {
  const client = state.clients.get(id)
  const member = state.memberOf.get(state.standIns.get(id) ?? id)

  if (client == null || member == null || client.member === member) {
    return
  }

  client.member = member
  state.memberClients.add(client)

  // what it has asked for before it was known
  for (const { fetch } of client.wants) {
    if (fetch.state !== 'parked') {
      releaseLone(state, fetch)
      onMemberWants(state, fetch, member)
    }
  }
}

/** A waiter has left: if none is left but a member that is itself being asked, it is asked no longer. */
export function releaseLone (state: State, fetch: Fetch): void {
  const member = fetch.first?.client.member

  if (member == null || !isLone(state, fetch, member)) {
    return
  }

  cancelStanding(state, fetch, member)
  release(state, fetch, member)
}

/**
 * A member wants what it is being asked for: those that do not are asked first,
 * or two that ask each other would wait for each other. And it is told at once
 * what all others say.
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

/** What is open at a member is taken back, and goes on elsewhere. */
function release (state: State, fetch: Fetch, member: EngineMember): void {
  const { primary, hedge } = fetch

  if (hedge?.member === member) {
    cancelAttempt(state, hedge)
  }

  if (primary?.member === member) {
    cancelAttempt(state, primary)
    goOn(state, fetch)
  }
}
