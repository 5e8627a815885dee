/**
 * Members that are clients, too: what a member wants of us it does not have, so
 * it is not asked for what nobody else wants. Two balancers that are each other's
 * members would else keep a want going between them for ever.
 *
 * A member is known as a client by its peer id, or by the peer id that a client
 * says it stands for: a balancer asks under another identity than it answers.
 */
import { goOn, unlistAt } from './asking.ts'
import { endAttempt } from './attempts.ts'
import { denyMembers } from './certainty.ts'
import { cancelHedge } from './hedging.ts'
import { connected, isLone, tellCancel } from './state.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
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

/** A client says that it asks for that peer. */
export function standsFor (state: State, id: string, of: string): void {
  state.standIns.set(id, of)
  identify(state, id)
}

/** Finds out whether a client is a member. */
export function identify (state: State, id: string): void {
  const client = state.peers.get(id)
  const member = state.memberOf.get(state.standIns.get(id) ?? id)
  if (client == null || member == null || client.member === member) {
    return
  }
  client.member = member
  state.memberPeers.add(client)
  // what it has asked for before it was known
  for (const { route } of client.entries) {
    releaseLone(state, route)
    onMemberWants(state, route, member)
  }
}

/** Somebody has left a route: if nobody waits any more but a member that is itself being asked, it is asked no longer. */
export function releaseLone (state: State, route: Route): void {
  const member = route.first?.owner.member
  if (member == null || !isLone(state, route, member)) {
    return
  }
  unlistAt(state, route, member)
  release(state, route, member)
}

/**
 * A member wants what it is being asked for: those that do not are asked first,
 * or two that ask each other would wait for each other. And it is told at once
 * what all others say.
 */
export function onMemberWants (state: State, route: Route, member: EngineMember | undefined): void {
  if (member == null) {
    return
  }
  if (route.state === 'asked' && connected(state).some(other => other !== member && route.saidBy(other) == null)) {
    release(state, route, member)
  }
  denyMembers(state, route)
}

/** What is open at a member is taken back, and goes on elsewhere. */
function release (state: State, route: Route, member: EngineMember): void {
  if (route.hedge === member) {
    cancelHedge(state, route)
  }
  if (route.member === member) {
    tellCancel(state, member, route)
    endAttempt(state, route, 'cancelled')
    goOn(state, route)
  }
}
