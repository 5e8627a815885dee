import { deny } from './saying.ts'
import { isLone } from './state.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

/**
 * Whether every configured member is certain to lack what a route is for: those
 * that are up have said so, and those that are down have been for so long that
 * they do not count. A member that wants it of us lacks it where it is all that
 * waits; `except` is one that asks for itself, and is not asked on its own behalf.
 */
export function certain (state: State, route: Route, except?: EngineMember): boolean {
  if (!route.verifiable) {
    return true
  }
  let said = 0
  for (const member of state.members.values()) {
    if (member === except || isLone(state, route, member) || (member.connected && route.saidBy(member) === 'lack')) {
      said++
    } else if (member.connected || !member.forgotten) {
      return false
    }
  }
  return said > 0
}

/**
 * Tells clients that are members what all others say, though they may be asked
 * themselves meanwhile, for somebody else: two balancers that want the same of
 * each other would wait for each other's answer.
 */
export function denyMembers (state: State, route: Route): void {
  if (state.memberPeers.size === 0) {
    return
  }
  for (const want of route.waiters()) {
    const { member } = want.owner
    if (member != null && !want.promised && !want.denied && certain(state, route, member)) {
      deny(state, want)
    }
  }
}
