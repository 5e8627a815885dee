/** Which members may be asked for a fetch, best first, and whether they have capacity for it. */
import { toRanking } from '../strategies/ranking/ranking.ts'
import { expectedBytes } from './clients.ts'
import { isBarred, isOpenElsewhere, typeAt } from './eligibility.ts'
import { answerOf, holders, isFresh, isWantedBy } from './fetch.ts'
import { hasCapacity, isAskable } from './members.ts'
import type { Client, EngineMember, Fetch, RememberedOrder } from './model.ts'
import type { Candidates, State } from './state.ts'
import type { Ranking } from '../strategies/ranking/ranking.ts'

// up to this many members, and for the first few tries, the strategy ranks all members again for each try
const FEW_MEMBERS = 16
const FEW_ANSWERS = 2

const NONE: readonly EngineMember[] = []

/**
 * Members known to have the block, then the strategy's order, then members that
 * want it themselves, then, rather than ask no member at all, ejected members.
 * Members that already answered or drain are left out, as is one that is itself the only waiter,
 * and those that no waiter may use;
 * for what cannot be verified no member is asked.
 *
 * One serves all picks: a generator would allocate a kilobyte for each.
 */
class LazyCandidates implements Candidates {
  #state: State | undefined
  #fetch: Fetch | undefined
  #panic = false
  #loops = false
  /** Members that are known to have it; those before `next` have been pulled. */
  #holders: readonly EngineMember[] = NONE
  #next = 0
  /** Where the strategy's order comes from: a ranking, or what was remembered of one; neither, at its end. */
  #ranking: Ranking | undefined
  #order: RememberedOrder | undefined
  #place = 0
  #ranked = false
  /** What the strategy ranks and comes later: members that want it themselves, and ejected ones. */
  #wanting: EngineMember[] = []
  #ejected: EngineMember[] = []

  of (state: State, fetch: Fetch): this {
    this.#state = state
    this.#fetch = fetch
    this.#panic = inPanic(state)
    this.#loops = state.memberClients.size > 0
    this.#holders = isFresh(fetch) ? NONE : [...holders(fetch)]
    this.#next = 0
    this.#ranked = false

    return this
  }

  pull (): EngineMember | undefined {
    const state = this.#state
    const fetch = this.#fetch

    if (state == null || fetch?.verifiable !== true) {
      return
    }

    while (this.#next < this.#holders.length) {
      const member = this.#holders[this.#next++]

      if (!isBarred(state, fetch, member)) {
        return member
      }
    }

    if (!this.#ranked) {
      this.#ranked = true
      this.#rank(state, fetch)
    }

    return this.#pullRanked(state, fetch) ?? this.#wanting.shift() ?? this.#ejected.shift()
  }

  close (): void {
    this.#state = undefined
    this.#fetch = undefined
    this.#endOrder()

    if (this.#wanting.length + this.#ejected.length > 0) {
      this.#wanting = []
      this.#ejected = []
    }
  }

  #pullRanked (state: State, fetch: Fetch): EngineMember | undefined {
    for (let member = this.#pullOrder(state); member != null; member = this.#pullOrder(state)) {
      if (!isAskable(member) || answerOf(fetch, member) != null || isBarred(state, fetch, member)) {
        continue
      }

      if (member.state !== 'up' && !this.#panic) {
        this.#ejected.push(member)
      } else if (this.#loops && isWantedBy(fetch, member)) {
        this.#wanting.push(member)
      } else {
        return member
      }
    }

    this.#endOrder()
  }

  /**
   * A fetch for a block that many members do not have keeps the rest of the strategy's
   * order once it has asked a few: to rank a hundred members a hundred times would cost more than
   * it is worth.
   */
  #rank ({ members, membersVersion, strategy }: State, fetch: Fetch): void {
    if (members.size <= FEW_MEMBERS || (fetch.answers?.size ?? 0) < FEW_ANSWERS) {
      this.#ranking = toRanking(strategy.rank(fetch))

      return
    }

    if (fetch.order?.version !== membersVersion) {
      const order = Array.from(strategy.rank(fetch), ({ id }) => members.get(id))
      fetch.order = { version: membersVersion, members: order.filter(member => member != null), next: 0 }
    }

    const { order } = fetch

    while (order.next < order.members.length && answerOf(fetch, order.members[order.next]) != null) {
      order.next++
    }

    this.#order = order
    this.#place = order.next
  }

  #pullOrder (state: State): EngineMember | undefined {
    if (this.#order != null) {
      return this.#order.members[this.#place++]
    }

    const ranked = this.#ranking?.pull()

    // a strategy may rank what is not a member
    return ranked == null ? undefined : state.members.get(ranked.id) ?? this.#pullOrder(state)
  }

  #endOrder (): void {
    this.#order = undefined
    this.#ranking?.return()
    this.#ranking = undefined
  }
}

/** Makes the one list of candidates that serves all picks of an engine. */
export function createCandidates (): Candidates {
  return new LazyCandidates()
}

/** Too few members are healthy for health to mean anything (Envoy's panic threshold). */
function inPanic ({ memberCounts, limits }: State): boolean {
  return memberCounts.healthy < memberCounts.askable * limits.panic
}

/** Why a member cannot be asked just now: it has no place for a want, or none for the bytes that it would bring. */
export type Shortage = 'no places' | 'no bytes'

// a client may have this many wants open at a member for each one that it leaves to others
const SHARE = 8

/**
 * What is used up for one more fetch, of the member, of the client's share of it, or of
 * the budget of all; undefined: the member can be asked. The share leaves something free
 * however many blocks are wanted at once (dynamic thresholds, Choudhury and Hahne 1998): of 512 places
 * one client fills 456, and ten fill 506.
 */
export function shortage (state: State, fetch: Fetch, member: EngineMember, client: Client): Shortage | undefined {
  const free = isOpenElsewhere(state, fetch, member) ? 0 : member.capacity.wants - member.load.wants

  if (free <= 0 || (client.openAt.get(member) ?? 0) >= SHARE * free) {
    return 'no places'
  }

  const expected = expectedBytes(typeAt(fetch, member), fetch, client, member.capacity.supportsDontHave)

  if (!hasCapacity(member, expected) || (expected > 0 && state.inFlight >= state.limits.inFlight)) {
    return 'no bytes'
  }
}
