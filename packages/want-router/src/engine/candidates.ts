/** Which members may be asked for a fetch, best first, and whether they have capacity for it. */
import { toRanking } from '../strategies/ranking/ranking.ts'
import { countAnswers } from './answer-list.ts'
import { expectedBytes } from './clients.ts'
import { isBarred, isOpenElsewhere, typeAt } from './eligibility.ts'
import { answerOf, holders, isFresh, isWantedBy } from './fetch.ts'
import { hasCapacity, isAskable } from './members.ts'
import type { Client, EngineMember, Fetch, RememberedOrder } from './model.ts'
import type { Candidates, State } from './state.ts'
import type { Ranking } from '../strategies/ranking/ranking.ts'

// with at most this many members, or until this many have answered, the strategy ranks all members again for each pick
const FEW_MEMBERS = 16
const FEW_ANSWERS = 2

const NONE: readonly EngineMember[] = []

/**
 * First members known to hold the block, then the strategy's order, then members that want the
 * block themselves, and last ejected members, which are better than no member at all. Left out
 * are members that have answered, that drain, that are themselves the only waiter, or that no
 * waiter may use. No member is asked for a block that cannot be verified.
 *
 * One object serves all picks: a generator would allocate a kilobyte for each.
 */
class LazyCandidates implements Candidates {
  #state: State | undefined
  #fetch: Fetch | undefined
  #panic = false
  #loops = false
  /** Members known to hold the block; those before `next` have been pulled. */
  #holders: readonly EngineMember[] = NONE
  #next = 0
  /** The source of the strategy's order: a ranking, or a remembered one; both undefined at its end. */
  #ranking: Ranking | undefined
  #order: RememberedOrder | undefined
  #place = 0
  #ranked = false
  /** Ranked members that come later: those that want the block themselves, and ejected ones. */
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
   * Once a few of many members have answered, a fetch keeps the rest of the strategy's order:
   * ranking a hundred members a hundred times would cost too much.
   */
  #rank ({ members, membersVersion, strategy }: State, fetch: Fetch): void {
    if (members.size <= FEW_MEMBERS || countAnswers(fetch.answers) < FEW_ANSWERS) {
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

    // a strategy may rank a name that is no member any more
    return ranked == null ? undefined : state.members.get(ranked.id) ?? this.#pullOrder(state)
  }

  #endOrder (): void {
    this.#order = undefined
    this.#ranking?.return()
    this.#ranking = undefined
  }
}

/** Makes the candidates of an engine, which serve one pick at a time. */
export function createCandidates (): Candidates {
  return new LazyCandidates()
}

/** Whether too few members are healthy for ejection to be meaningful (Envoy's panic threshold). */
function inPanic ({ memberCounts, limits }: State): boolean {
  return memberCounts.healthy < memberCounts.askable * limits.panic
}

/** Why a member cannot be asked now: it has no place for another want, or no capacity for the bytes that the want would bring. */
export type Shortage = 'no places' | 'no bytes'

// a client may have this many wants open at a member for each place that it leaves free
const SHARE = 8

/**
 * What one more fetch lacks: capacity of the member, of the client's share of that, or of the total
 * for all; undefined: the member can be asked. The share keeps some places free however much clients
 * want (dynamic thresholds, Choudhury and Hahne 1998): of 512 places one client fills 456, and ten
 * fill 506.
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
