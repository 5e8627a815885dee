import type { Candidate } from './best-first.ts'

/** Draws candidates at random in proportion to their weights, by binary search. */
export interface WeightedDraw<C extends Candidate> {
  /** Replaces the candidates, and notes their present weights. */
  update (candidates: readonly C[]): void
  /** Needs at least one candidate. */
  one (): C
  /** Two different ones; needs at least two. The next call returns the same array. */
  two (): readonly [C, C]
}

/** Makes a draw of members by weight; it has none until it is updated. */
export function createWeightedDraw<C extends Candidate> (random: () => number): WeightedDraw<C> {
  let candidates: readonly C[] = []
  // ends[i]: the sum of the weights up to and including i
  let ends = new Float64Array(0)
  let drawn: [C, C] | undefined

  /** The first whose share ends above a point. */
  function at (point: number): number {
    let low = 0
    let high = candidates.length - 1

    while (low < high) {
      const middle = (low + high) >>> 1

      if (ends[middle] > point) {
        high = middle
      } else {
        low = middle + 1
      }
    }

    return low
  }

  return {
    update (updated) {
      candidates = updated
      ends = new Float64Array(updated.length)
      let sum = 0

      for (const [i, { member }] of updated.entries()) {
        sum += member.weight
        ends[i] = sum
      }
    },

    one: () => candidates[at(random() * ends[ends.length - 1])],

    two () {
      const last = candidates.length - 1
      const first = at(random() * ends[last])

      // the second draw leaves out the first one's share
      const start = first === 0 ? 0 : ends[first - 1]
      const share = ends[first] - start
      const point = random() * (ends[last] - share)
      let second = at(point < start ? point : point + share)

      if (second === first) {
        second = first === last ? first - 1 : first + 1 // rounding, at a border
      }

      drawn ??= [candidates[first], candidates[second]]
      drawn[0] = candidates[first]
      drawn[1] = candidates[second]

      return drawn
    }
  }
}
