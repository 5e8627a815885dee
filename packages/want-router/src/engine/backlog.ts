/**
 * Routes that have begun, and whose next member has no room: each waits for room
 * there, with the peer on whose account it will be asked. They take part in that
 * peer's turns, before what it wants anew.
 */
import { hasRoom } from './members.ts'
import { admissible, giveTurn } from './state.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

export function joinBacklog (route: Route, member: EngineMember, peer: Upstream): void {
  leaveBacklog(route)
  let routes = peer.backlogs.get(member)
  if (routes == null) {
    routes = new Set()
    peer.backlogs.set(member, routes)
    member.backlog.add(peer)
  }
  routes.add(route)
  route.state = 'retry'
  route.waitsFor = { member, peer }
}

export function leaveBacklog (route: Route): void {
  if (route.waitsFor == null) {
    return
  }
  const { member, peer } = route.waitsFor
  const routes = peer.backlogs.get(member)
  routes?.delete(route)
  if (routes?.size === 0) {
    peer.backlogs.delete(member)
    member.backlog.delete(peer)
  }
  route.waitsFor = undefined
}

/** Takes a route off every list but the queues of peers, which skip what is not `queued`. */
export function leaveLists (state: State, route: Route): void {
  leaveBacklog(route)
  state.retries.delete(route)
  state.delayed.delete(route)
  state.idle.delete(route)
}

/** Every route that waits for room at a member. */
export function backlogOf (member: EngineMember): Route[] {
  return [...member.backlog].flatMap(peer => [...peer.backlogs.get(member) ?? []])
}

/** Members that have got room: who waits for it takes its turn, and whose window is full leaves the wait to others. */
export function serveBacklogs (state: State): void {
  for (const member of state.members.values()) {
    if (member.backlog.size === 0 || !hasRoom(member, 0)) {
      continue
    }
    for (const peer of [...member.backlog]) {
      if (admissible(state, peer)) {
        giveTurn(state, peer)
      } else {
        for (const route of [...peer.backlogs.get(member) ?? []]) {
          requeue(state, route)
        }
      }
    }
  }
}

/** Puts a route into the queue of everybody whom it owes something, to be asked when it is somebody's turn. */
export function requeue (state: State, route: Route): void {
  leaveLists(state, route)
  route.state = 'queued'
  for (const want of route.waiters()) {
    if (want.type === 'block' || !want.promised) {
      want.owner.queue.add(want)
      giveTurn(state, want.owner)
    }
  }
}
