import { hasRoom } from './members.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

/**
 * Whom to ask, best first: members known to have it, then the strategy's order,
 * then, rather than leave a want unasked, ejected members. Those that already
 * answered are left out.
 */
export function * candidates (state: State, route: Route): Iterable<EngineMember> {
  yield * route.holders()

  const panic = inPanic(state)
  let ejected: EngineMember[] | undefined

  for (const { id } of state.strategy.rank(route)) {
    const member = state.members.get(id)
    if (member == null || !member.connected || route.saidBy(member) != null) {
      continue
    }
    if (member.state === 'up' || panic) {
      yield member
    } else {
      (ejected ??= []).push(member)
    }
  }

  if (ejected != null) {
    yield * ejected
  }
}

/** Whether a member, and the budget of all, have room for a route. */
export function mayAsk (state: State, route: Route, member: EngineMember, payer: Upstream): boolean {
  return state.inFlight < state.limits.inFlight && hasRoom(member, expectedBytes(route, payer, member))
}

/** Too few are healthy for health to mean anything (Envoy's panic threshold). */
function inPanic (state: State): boolean {
  let all = 0
  let healthy = 0
  for (const member of state.members.values()) {
    if (member.connected) {
      all++
      healthy += member.state === 'up' ? 1 : 0
    }
  }
  return healthy < all * state.limits.panic
}

/** What an answer to a route is taken to weigh: nothing, where silence is as likely. */
export function expectedBytes (route: Route, payer: Upstream, member?: EngineMember): number {
  return route.type === 'have' || member?.capacity.denies === false ? 0 : payer.blockSize.bytes
}
