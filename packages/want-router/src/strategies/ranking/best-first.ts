import { Ranking } from './ranking.ts'
import type { Member } from '../strategy.ts'

/** What is ranked: a member, with whatever a strategy keeps about it. */
export interface Candidate {
  readonly member: Member
}

export interface BestFirstInit<C extends Candidate> {
  /**
   * Writes the cost of each candidate to its place in `costs`; less is better, NaN
   * leaves it out. Called at the first pull of a ranking, so that loads which change
   * later neither repeat a member nor lose one; one call for all, because a call for
   * each would put its result on the heap. `key` is what was passed to
   * {@link BestFirst.reset}.
   */
  weigh (candidates: readonly C[], costs: Float64Array, key: number): void
  /** Whether `a` comes first where costs are equal. */
  before (a: C, b: C): boolean
}

// the first few are found by scanning, which costs less than a heap of all
const SCANS = 4

/**
 * Candidates in ascending order of cost. Each of the first few is found by a scan,
 * which mostly suffices; for a consumer that goes on, since most members are full,
 * the rest becomes a heap. Nothing is allocated for a ranking.
 */
export class BestFirst<C extends Candidate> extends Ranking {
  readonly #init: BestFirstInit<C>
  #candidates: readonly C[] = []
  #key = 0
  #pulls = -1
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
    this.#pulls = -1
    return this
  }

  pull (): Member | undefined {
    return this.pullCandidate()?.member
  }

  pullCandidate (): C | undefined {
    if (this.#pulls < 0) {
      this.#weigh()
    }

    const pulls = this.#pulls++

    if (pulls < SCANS) {
      return this.#scan()
    }

    if (pulls === SCANS) {
      this.#heapify()
    }

    return this.#pop()
  }

  /** Leaves out a candidate that the caller has put first by itself. */
  exclude (candidate: C): void {
    if (this.#pulls < 0) {
      this.#weigh()
    }

    this.#costs[this.#candidates.indexOf(candidate)] = NaN
  }

  #weigh (): void {
    const count = this.#candidates.length

    if (this.#costs.length < count) {
      this.#costs = new Float64Array(count)
    }

    this.#pulls = 0
    this.#init.weigh(this.#candidates, this.#costs, this.#key)
  }

  #scan (): C | undefined {
    const candidates = this.#candidates
    const costs = this.#costs
    let best = -1
    let least = Infinity

    for (let i = 0; i < candidates.length; i++) {
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
    const count = this.#candidates.length

    if (this.#heap.length < count) {
      this.#heap = new Int32Array(count)
    }

    this.#left = 0

    for (let i = 0; i < count; i++) {
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
    return this.#candidates[best]
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
    return costs[a] < costs[b] || (costs[a] === costs[b] && this.#init.before(this.#candidates[a], this.#candidates[b]))
  }
}
