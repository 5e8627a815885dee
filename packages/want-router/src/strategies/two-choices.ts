import type { Candidate } from './best-first.ts'

export interface TwoChoices<C extends Candidate> {
  /** Takes note of candidates, and of their weights as they are now. */
  update (candidates: readonly C[]): void
  /** Two different ones; needs at least two candidates. The next call returns the same array. */
  draw (): readonly [C, C]
}

/**
 * Draws two different candidates at random, each with a chance by its weight
 * (power of two choices; Mitzenmacher, 2001). Without replacement: comparing one
 * with itself would be a choice of one. A draw costs two binary searches.
 */
export function twoChoices<C extends Candidate> (random: () => number): TwoChoices<C> {
  let candidates: readonly C[] = []
  // ends[i]: the sum of the weights up to and with i
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

    draw () {
      const last = candidates.length - 1
      const first = at(random() * ends[last])

      // the second draw knows nothing of the first one's share
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
