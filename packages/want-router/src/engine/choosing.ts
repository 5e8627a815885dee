import { hasRoom } from './members.ts'
import { isLone } from './state.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'
import type { AskType } from '../strategies/strategy.ts'

/**
 * Whom to ask, best first: members known to have it, then the strategy's order,
 * then those that want it themselves, then, rather than leave a want unasked,
 * ejected members. Those that already answered are left out, and one that itself
 * is all that waits; for what cannot be verified nobody is asked.
 */
export function * candidates (state: State, route: Route): Iterable<EngineMember> {
  if (!route.verifiable) {
    return
  }
  const loop = state.memberPeers.size > 0
  for (const member of route.holders()) {
    if (!isLone(state, route, member)) {
      yield member
    }
  }

  const panic = inPanic(state)
  let wanting: EngineMember[] | undefined
  let ejected: EngineMember[] | undefined

  for (const { id } of state.strategy.rank(route)) {
    const member = state.members.get(id)
    if (member == null || !member.connected || route.saidBy(member) != null || isLone(state, route, member)) {
      continue
    }
    if (member.state !== 'up' && !panic) {
      (ejected ??= []).push(member)
    } else if (loop && route.wantedBy(member)) {
      (wanting ??= []).push(member)
    } else {
      yield member
    }
  }

  if (wanting != null) {
    yield * wanting
  }
  if (ejected != null) {
    yield * ejected
  }
}

/** Why a member cannot be asked just now: it has no place for a want, or none for the bytes that it would bring. */
export type Shortage = 'no wants' | 'no bytes'

// a peer may have this many wants open at a member for each one that it leaves to others
const SHARE = 8

/**
 * What a member, the peer's share of it, and the budget of all lack for one more
 * route; undefined: it can be asked. The share leaves something free however
 * many are wanted at once (dynamic thresholds, Choudhury and Hahne 1998): of 512
 * places one peer fills 456, and ten fill 506.
 */
export function shortage (state: State, route: Route, member: EngineMember, payer: Upstream): Shortage | undefined {
  const free = member.capacity.wants - member.load.wants
  if (free <= 0 || (payer.openAt.get(member) ?? 0) >= SHARE * free) {
    return 'no wants'
  }
  const expected = expectedBytes(route.type, payer, member)
  if (!hasRoom(member, expected) || (expected > 0 && state.inFlight >= state.limits.inFlight)) {
    return 'no bytes'
  }
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

/** What an answer is taken to weigh: nothing, where silence is as likely. */
export function expectedBytes (type: AskType, payer: Upstream, member?: EngineMember): number {
  return type === 'have' || member?.capacity.denies === false ? 0 : payer.blockSize.bytes
}
