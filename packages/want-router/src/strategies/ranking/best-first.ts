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

// the first few are found by scanning; a consumer that goes on probably wants all, and pays for sorting
const SCANS = 8

/**
 * Candidates in ascending order of cost. Each of the first few is found by a scan,
 * which allocates nothing and mostly suffices; a consumer that goes on pays for
 * sorting the rest.
 */
export class BestFirst<C extends Candidate> extends Ranking {
  readonly #init: BestFirstInit<C>
  #candidates: readonly C[] = []
  #key = 0
  #pulls = -1
  /** NaN for candidates that were pulled. */
  #costs = new Float64Array(0)
  #sorted: number[] = []

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
      this.#sort()
    }

    const index = this.#sorted.pop()
    return index == null ? undefined : this.#candidates[index]
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

  /** Worst first, to be popped. */
  #sort (): void {
    const candidates = this.#candidates
    const costs = this.#costs
    this.#sorted = []

    for (let i = 0; i < candidates.length; i++) {
      if (!Number.isNaN(costs[i])) {
        this.#sorted.push(i)
      }
    }

    this.#sorted.sort((a, b) => {
      if (costs[a] === costs[b]) {
        return this.#init.before(candidates[a], candidates[b]) ? 1 : -1
      }
      return costs[b] - costs[a]
    })
  }
}
