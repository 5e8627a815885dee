import { BestFirst } from './best-first.ts'
import { Ranking, reuseRanking } from './ranking.ts'
import { createWeightedDraw } from './weighted-draw.ts'
import type { BestFirstInit, Candidate } from './best-first.ts'
import type { Member, Strategy, StrategyEnv } from '../strategy.ts'
import type { WeightedDraw } from './weighted-draw.ts'

/** A member, what a strategy knows of it, and the virtual time at which its next turn is due. */
export interface Entry<K> extends Candidate {
  readonly member: Member
  readonly known: K
  deadline: number
}

/** What a least-cost strategy knows of members, and what they cost. */
export interface LeastCostInit<K> {
  /** What is known of a member that has just joined. It is kept until the member leaves. */
  create (member: Member): K
  /** Less is better; members of equal cost take turns. See {@link BestFirstInit.weigh}. */
  weigh (entries: ReadonlyArray<Entry<K>>, costs: Float64Array, from: number, to: number): void
  /** Up to this many members, all are compared; above it, two drawn at random. Default: always all. */
  scan?: number
}

/** A strategy made by {@link createLeastCostStrategy}. */
export interface LeastCostStrategy<K> extends Strategy {
  /** The members of the last update, by id. */
  readonly entries: ReadonlyMap<string, Entry<K>>
}

/**
 * Up to this many members, a strategy that looks at load compares all; above it, two
 * drawn at random by weight, without replacement: the power of two choices
 * (Mitzenmacher, 2001). Two choices are weak among few members: in a simulation with
 * 2 slow members of 4 the p99 was 281 ms, against 57 with a full scan. Among many they
 * are as good and cheaper, and do not send a herd to the member that looks best to all.
 */
export const FULL_SCAN = 16

// virtual time is brought back to 0 from here, so that adding 1 / weight stays exact enough
const REBASE = 2 ** 20

/**
 * The member of least cost first, and where costs are equal, by turns in
 * proportion to weight: earliest deadline first, a turn costing 1 / weight (gRPC
 * A58, Envoy). With a constant cost it is a smooth weighted round robin.
 *
 * The turn is charged to the member that was taken, which is the last one pulled. A
 * member that is passed over (ejected, full) therefore stays due and collects no credit
 * beyond that one turn, and what it misses is spread over all others rather than
 * falling to its successor.
 */
export function createLeastCostStrategy<K> (env: StrategyEnv, init: LeastCostInit<K>): LeastCostStrategy<K> {
  const { create, weigh, scan = Infinity } = init
  const draw = createWeightedDraw<Entry<K>>(env.random)
  const time = { now: 0 }
  const ranking = reuseRanking(() => new LeastCostRanking({ weigh, before: (a, b) => a.deadline < b.deadline }, time))
  let byId = new Map<string, Entry<K>>()
  let entries: Array<Entry<K>> = []

  return {
    get entries () { return byId },

    update (members) {
      // in a random phase: otherwise all workers would begin with the same member
      entries = members.map(member => {
        const old = byId.get(member.id)

        return {
          member,
          known: old == null ? create(member) : old.known,
          deadline: old == null ? time.now + env.random() / member.weight : old.deadline
        }
      })
      byId = new Map(entries.map(entry => [entry.member.id, entry]))
      draw.update(entries)
    },

    rank () {
      if (time.now > REBASE) {
        for (const entry of entries) {
          entry.deadline -= time.now
        }

        time.now = 0
      }

      return ranking().reset(entries, entries.length > scan ? draw : undefined)
    }
  }
}

/** Charges a turn to each member that is pulled, and takes it back if the next is pulled. */
class LeastCostRanking<K> extends Ranking {
  readonly #init: BestFirstInit<Entry<K>>
  readonly #order: BestFirst<Entry<K>>
  /** Virtual time. */
  readonly #time: { now: number }
  /** Virtual time and the member's deadline as they were before the last charge. */
  #before = 0
  #due = 0
  #first: Entry<K> | undefined
  #last: Entry<K> | undefined
  #draw: WeightedDraw<Entry<K>> | undefined
  #second: Entry<K> | undefined
  readonly #costs = new Float64Array(2)

  constructor (init: BestFirstInit<Entry<K>>, time: { now: number }) {
    super()
    this.#init = init
    this.#order = new BestFirst(init)
    this.#time = time
  }

  /** Starts over, with two drawn at random if there is a `draw`. */
  reset (entries: ReadonlyArray<Entry<K>>, draw: WeightedDraw<Entry<K>> | undefined): this {
    this.#order.reset(entries)
    this.#draw = draw
    this.#first = undefined
    this.#last = undefined
    this.#second = undefined

    return this
  }

  pull (): Member | undefined {
    if (this.#last != null) {
      // it was passed over
      this.#last.deadline = this.#due
      this.#time.now = this.#before
    }

    const entry = this.#draw == null ? this.#order.pullCandidate() : this.#pullDrawn(this.#draw)
    this.#last = entry
    // no member or every member was pulled: the turn is the first member's
    this.#charge(entry ?? this.#first)
    this.#first ??= entry

    return entry?.member
  }

  #charge (entry: Entry<K> | undefined): void {
    if (entry != null) {
      this.#before = this.#time.now
      this.#due = entry.deadline
      this.#time.now = Math.max(this.#time.now, entry.deadline)
      entry.deadline = this.#time.now + 1 / entry.member.weight
    }
  }

  /** The better of the two, the other, then all others by cost. */
  #pullDrawn (draw: WeightedDraw<Entry<K>>): Entry<K> | undefined {
    if (this.#first == null) {
      const two = draw.two()
      const [first, second] = two
      this.#init.weigh(two, this.#costs, 0, 2, 0)
      const [one, other] = this.#costs
      const swap = other < one || (other === one && this.#init.before(second, first))
      this.#second = swap ? first : second

      return swap ? second : first
    }

    if (this.#second != null) {
      const second = this.#second
      this.#second = undefined
      this.#order.exclude(this.#first)
      this.#order.exclude(second)

      return second
    }

    return this.#order.pullCandidate()
  }
}
