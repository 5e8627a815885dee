import { Ranking } from './ranking.ts'
import type { Member } from '../strategy.ts'

/** What is ranked: a member, with whatever a strategy keeps about it. */
export interface Candidate {
  readonly member: Member
}

/** What candidates cost, and which comes first of those that cost the same. */
export interface BestFirstInit<C extends Candidate> {
  /**
   * Writes the cost of each candidate from `from` to before `to` to its place in
   * `costs`; less is better, NaN leaves it out. Called before the first of them is
   * pulled, so that loads which change later neither repeat nor skip a member. One
   * call does all, because a call for each would put its result on the heap. `key` is
   * what was passed to {@link BestFirst.reset}.
   */
  weigh (candidates: readonly C[], costs: Float64Array, from: number, to: number, key: number): void
  /** Whether `a` comes first where costs are equal. */
  before (a: C, b: C): boolean
}

// the first few are found by scanning, which costs less than a heap of all
const SCANS = 4

/**
 * Candidates in ascending order of cost, but full members after all others: where
 * most are full, the consumer would pull and pass over each of them for every want.
 * Each of the first few is found by a scan, which mostly suffices; for a consumer that
 * goes on the rest becomes a heap. Nothing is allocated for a ranking.
 */
export class BestFirst<C extends Candidate> extends Ranking {
  readonly #init: BestFirstInit<C>
  #candidates: readonly C[] = []
  #key = 0
  #started = false
  /** The candidates, those that are full last. */
  #order: readonly C[] = []
  /** The same, where some are full. */
  readonly #sorted: C[] = []
  /** Those from here to there in the order have costs, and are pulled before the others. */
  #from = 0
  #to = 0
  #pulls = 0
  /** NaN for candidates that were pulled. */
  #costs = new Float64Array(0)
  /** Indices of the candidates that are left, as a binary heap: the best is first. */
  #heap = new Int32Array(0)
  #left = 0

  constructor (init: BestFirstInit<C>) {
    super()
    this.#init = init
  }

  /** Starts over. */
  reset (candidates: readonly C[], key = 0): this {
    this.#candidates = candidates
    this.#key = key
    this.#started = false

    return this
  }

  pull (): Member | undefined {
    return this.pullCandidate()?.member
  }

  pullCandidate (): C | undefined {
    this.#start()
    const best = this.#pullWeighed()

    if (best != null || this.#to === this.#order.length) {
      return best
    }

    this.#weigh(this.#to, this.#order.length)

    return this.#pullWeighed()
  }

  /** Leaves out a candidate that the caller has put first by itself. */
  exclude (candidate: C): void {
    this.#start()
    const at = this.#order.indexOf(candidate)

    if (at < this.#to) {
      this.#costs[at] = NaN
    } else {
      this.#sorted.splice(at, 1) // of the full ones, which have no costs yet
    }
  }

  #start (): void {
    if (!this.#started) {
      this.#started = true
      this.#weigh(0, this.#arrange())
    }
  }

  /** Returns how many are not full, which come first. */
  #arrange (): number {
    const candidates = this.#candidates
    const count = candidates.length
    let free = 0

    for (let i = 0; i < count; i++) {
      free += candidates[i].member.full ? 0 : 1
    }

    if (free === 0 || free === count) {
      this.#order = candidates

      return count
    }

    const sorted = this.#sorted
    sorted.length = count
    let first = 0
    let last = free

    for (let i = 0; i < count; i++) {
      sorted[candidates[i].member.full ? last++ : first++] = candidates[i]
    }

    this.#order = sorted

    return free
  }

  #weigh (from: number, to: number): void {
    if (this.#costs.length < to) {
      const costs = new Float64Array(this.#order.length)
      costs.set(this.#costs)
      this.#costs = costs
    }

    this.#from = from
    this.#to = to
    this.#pulls = 0
    this.#init.weigh(this.#order, this.#costs, from, to, this.#key)
  }

  #pullWeighed (): C | undefined {
    const pulls = this.#pulls++

    if (pulls < SCANS) {
      return this.#scan()
    }

    if (pulls === SCANS) {
      this.#heapify()
    }

    return this.#pop()
  }

  #scan (): C | undefined {
    const candidates = this.#order
    const costs = this.#costs
    let best = -1
    let least = Infinity

    for (let i = this.#from; i < this.#to; i++) {
      const cost = costs[i]

      if (cost < least || (cost === least && (best < 0 || this.#init.before(candidates[i], candidates[best])))) {
        best = i
        least = cost
      }
    }

    if (best < 0) {
      return undefined
    }

    costs[best] = NaN

    return candidates[best]
  }

  #heapify (): void {
    if (this.#heap.length < this.#to) {
      this.#heap = new Int32Array(this.#order.length)
    }

    this.#left = 0

    for (let i = this.#from; i < this.#to; i++) {
      if (!Number.isNaN(this.#costs[i])) {
        this.#heap[this.#left++] = i
      }
    }

    for (let at = (this.#left >> 1) - 1; at >= 0; at--) {
      this.#sink(at)
    }
  }

  #pop (): C | undefined {
    if (this.#left === 0) {
      return undefined
    }

    const best = this.#heap[0]
    this.#heap[0] = this.#heap[--this.#left]
    this.#sink(0)

    return this.#order[best]
  }

  /** Moves what stands at a place of the heap down to where nothing below it is better. */
  #sink (at: number): void {
    const heap = this.#heap
    const sinking = heap[at]

    for (;;) {
      let child = 2 * at + 1

      if (child >= this.#left) {
        break
      }

      if (child + 1 < this.#left && this.#isBetter(heap[child + 1], heap[child])) {
        child++
      }

      if (!this.#isBetter(heap[child], sinking)) {
        break
      }

      heap[at] = heap[child]
      at = child
    }

    heap[at] = sinking
  }

  #isBetter (a: number, b: number): boolean {
    const costs = this.#costs

    return costs[a] < costs[b] || (costs[a] === costs[b] && this.#init.before(this.#order[a], this.#order[b]))
  }
}
