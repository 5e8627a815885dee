/** Which members may be asked for a fetch, best first, and whether they have capacity for it. */
import { isLone } from './certainty.ts'
import { expectedBytes } from './clients.ts'
import { answerOf, holders, isWantedBy } from './fetch.ts'
import { hasCapacity } from './members.ts'
import type { Client, EngineMember, Fetch, State } from './model.ts'

/**
 * Members known to have the block, then the strategy's order, then members that
 * want it themselves, then, rather than leave a want unasked, ejected members.
 * Those that already answered are left out, and one that itself is all that waits;
 * for what cannot be verified no member is asked.
 */
export function * candidates (state: State, fetch: Fetch): Iterable<EngineMember> {
  if (!fetch.verifiable) {
    return
  }
  for (const member of holders(fetch)) {
    if (!isLone(state, fetch, member)) {
      yield member
    }
  }

  const panic = inPanic(state)
  const loops = state.memberClients.size > 0
  let wanting: EngineMember[] | undefined
  let ejected: EngineMember[] | undefined

  for (const member of ranked(state, fetch)) {
    if (!member.connected || answerOf(fetch, member) != null || isLone(state, fetch, member)) {
      continue
    }
    if (member.state !== 'up' && !panic) {
      (ejected ??= []).push(member)
    } else if (loops && isWantedBy(fetch, member)) {
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

// up to so many members, and for the first few tries, the strategy orders all members anew for each try
const FEW_MEMBERS = 16
const FEW_ANSWERS = 2

/**
 * The strategy's order. A fetch that many members lack keeps the rest of the order
 * once it has asked a few: to rank a hundred members a hundred times would cost
 * more than it is worth.
 */
function * ranked (state: State, fetch: Fetch): Iterable<EngineMember> {
  if (state.members.size <= FEW_MEMBERS || (fetch.answers?.size ?? 0) < FEW_ANSWERS) {
    for (const { id } of state.strategy.rank(fetch)) {
      const member = state.members.get(id)
      if (member != null) {
        yield member
      }
    }
    return
  }

  if (fetch.order?.version !== state.membersVersion) {
    const members = Array.from(state.strategy.rank(fetch), ({ id }) => state.members.get(id))
    fetch.order = { version: state.membersVersion, members: members.filter(member => member != null), next: 0 }
  }
  const { order } = fetch
  while (order.next < order.members.length && answerOf(fetch, order.members[order.next]) != null) {
    order.next++
  }
  for (let i = order.next; i < order.members.length; i++) {
    yield order.members[i]
  }
}

/** Too few members are healthy for health to mean anything (Envoy's panic threshold). */
function inPanic ({ memberCounts, limits }: State): boolean {
  return memberCounts.healthy < memberCounts.connected * limits.panic
}

/** Why a member cannot be asked just now: it has no place for a want, or none for the bytes that it would bring. */
export type Shortage = 'no places' | 'no bytes'

// a client may have this many wants open at a member for each one that it leaves to others
const SHARE = 8

/**
 * What a member, the client's share of it, and the budget of all lack for one more
 * fetch; undefined: it can be asked. The share leaves something free however many
 * are wanted at once (dynamic thresholds, Choudhury and Hahne 1998): of 512 places
 * one client fills 456, and ten fill 506.
 */
export function shortage (state: State, fetch: Fetch, member: EngineMember, client: Client): Shortage | undefined {
  const free = member.capacity.wants - member.load.wants
  if (free <= 0 || (client.openAt.get(member) ?? 0) >= SHARE * free) {
    return 'no places'
  }
  const expected = expectedBytes(fetch.type, client, member.capacity.supportsDontHave)
  if (!hasCapacity(member, expected) || (expected > 0 && state.inFlight >= state.limits.inFlight)) {
    return 'no bytes'
  }
}
