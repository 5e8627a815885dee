import { BestFirst } from './best-first.ts'
import { Ranking, rankings } from './ranking.ts'
import { weightedDraw } from './weighted-draw.ts'
import type { BestFirstInit, Candidate } from './best-first.ts'
import type { Member, Strategy, StrategyEnv } from '../strategy.ts'
import type { WeightedDraw } from './weighted-draw.ts'

/** A member, what a strategy knows of it, and the virtual time at which its next turn is due. */
export interface Turn<K> extends Candidate {
  readonly member: Member
  readonly known: K
  deadline: number
}

export interface TurnsInit<K> {
  /** What is known of a member that has just joined; it is kept until the member leaves. */
  learn (member: Member): K
  /** Less is better; members of equal cost take turns. See {@link BestFirstInit.weigh}. */
  weigh (turns: ReadonlyArray<Turn<K>>, costs: Float64Array): void
  /** Up to so many members all are compared, above two at random. Default: always all. */
  scan?: number
}

export interface TurnsStrategy<K> extends Strategy {
  /** The members of the last update, by id. */
  readonly turns: ReadonlyMap<string, Turn<K>>
}

/**
 * Up to so many members a strategy that looks at load compares all, above that two
 * drawn at random by weight, without replacement: the power of two choices
 * (Mitzenmacher, 2001). Two choices are weak with few: with 2 of 4 slow the p99 was 281 ms
 * against 57 with a full scan, in a simulation; with many they are as good, cost
 * less, and do not send a herd to the one that looks best from everywhere.
 */
export const FULL_SCAN = 16

// virtual time is brought back to 0 from here, so that adding 1 / weight stays exact enough
const REBASE = 2 ** 20

/**
 * The member of least cost first, and where costs are equal, by turns in
 * proportion to weight: earliest deadline first, a turn costing 1 / weight (gRPC
 * A58, Envoy). With a constant cost it is a smooth weighted round robin.
 *
 * The turn is charged to the member taken, which is the last one pulled. A member
 * that is passed over (ejected, full) therefore stays due and collects no credit
 * beyond that one turn, and what it misses is spread over all others rather than
 * falling to its successor.
 */
export function takingTurns<K> (env: StrategyEnv, init: TurnsInit<K>): TurnsStrategy<K> {
  const { learn, weigh, scan = Infinity } = init
  const draw = weightedDraw<Turn<K>>(env.random)
  const time = { now: 0 }
  const ranking = rankings(() => new InTurn({ weigh, before: (a, b) => a.deadline < b.deadline }, time))
  let byId = new Map<string, Turn<K>>()
  let turns: Array<Turn<K>> = []

  return {
    get turns () { return byId },

    update (members) {
      // a random phase, else all workers would begin with the same member
      turns = members.map(member => {
        const old = byId.get(member.id)

        return {
          member,
          known: old == null ? learn(member) : old.known,
          deadline: old == null ? time.now + env.random() / member.weight : old.deadline
        }
      })
      byId = new Map(turns.map(turn => [turn.member.id, turn]))
      draw.update(turns)
    },

    rank () {
      if (time.now > REBASE) {
        for (const turn of turns) {
          turn.deadline -= time.now
        }
        time.now = 0
      }

      return ranking().over(turns, turns.length > scan ? draw : undefined)
    }
  }
}

/** Charges turns as they are pulled. */
class InTurn<K> extends Ranking {
  readonly #init: BestFirstInit<Turn<K>>
  readonly #order: BestFirst<Turn<K>>
  /** Virtual time, and what it was before the last charge, as was the deadline. */
  readonly #time: { now: number }
  #before = 0
  #due = 0
  #first: Turn<K> | undefined
  #last: Turn<K> | undefined
  #draw: WeightedDraw<Turn<K>> | undefined
  #second: Turn<K> | undefined
  readonly #costs = new Float64Array(2)

  constructor (init: BestFirstInit<Turn<K>>, time: { now: number }) {
    super()
    this.#init = init
    this.#order = new BestFirst(init)
    this.#time = time
  }

  /** Begins anew, with two drawn at random if there is a `draw`. */
  over (turns: ReadonlyArray<Turn<K>>, draw: WeightedDraw<Turn<K>> | undefined): this {
    this.#order.over(turns)
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

    const turn = this.#draw == null ? this.#order.pullCandidate() : this.#pullDrawn(this.#draw)
    this.#last = turn
    // nobody was taken, or all were: the round counts as its first member's
    this.#charge(turn ?? this.#first)
    this.#first ??= turn
    return turn?.member
  }

  #charge (turn: Turn<K> | undefined): void {
    if (turn != null) {
      this.#before = this.#time.now
      this.#due = turn.deadline
      this.#time.now = Math.max(this.#time.now, turn.deadline)
      turn.deadline = this.#time.now + 1 / turn.member.weight
    }
  }

  /** The better of the two, the other, then all others by cost. */
  #pullDrawn (draw: WeightedDraw<Turn<K>>): Turn<K> | undefined {
    if (this.#first == null) {
      const two = draw.two()
      const [first, second] = two
      this.#init.weigh(two, this.#costs, 0)
      const [one, other] = this.#costs
      const swap = other < one || (other === one && this.#init.before(second, first))
      this.#second = swap ? first : second
      return swap ? second : first
    }

    if (this.#second != null) {
      const second = this.#second
      this.#second = undefined
      this.#order.except(this.#first)
      this.#order.except(second)
      return second
    }

    return this.#order.pullCandidate()
  }
}
