/** Counts of durations in bins that grow by 1%: bounded in memory. */
export interface Histogram {
  readonly count: number
  add (ms: number): void
  /** The q-quantile, 0 to 1, within half a percent; undefined if it is empty. */
  quantile (q: number): number | undefined
  readonly mean: number | undefined
  readonly max: number | undefined
}

// from 1 µs to 28 hours
const LEAST = 1e-3
const MOST = 1e8
const GROWTH = Math.log(1.01)
const BINS = Math.ceil(Math.log(MOST / LEAST) / GROWTH) + 1

/** Makes an empty histogram. */
export function createHistogram (): Histogram {
  // most bins of a bucket of time stay empty, so only the range that occurs is allocated
  let bins = new Uint32Array(64)
  let offset = -1
  let count = 0
  let sum = 0
  let max = 0

  function bin (ms: number): number {
    return ms <= LEAST ? 0 : Math.min(BINS - 1, Math.ceil(Math.log(ms / LEAST) / GROWTH))
  }

  function reach (index: number): void {
    if (offset === -1) {
      offset = Math.max(0, index - 16)
    }

    const low = Math.min(offset, index)
    const high = Math.max(offset + bins.length, index + 1)

    if (low < offset || high > offset + bins.length) {
      const spare = 64
      const start = Math.max(0, low < offset ? low - spare : low)
      const grown = new Uint32Array(high + spare - start)
      grown.set(bins, offset - start)
      bins = grown
      offset = start
    }
  }

  return {
    get count () { return count },
    get mean () { return count === 0 ? undefined : sum / count },
    get max () { return count === 0 ? undefined : max },

    add (ms) {
      const index = bin(ms)
      reach(index)
      bins[index - offset]++
      count++
      sum += ms
      max = Math.max(max, ms)
    },

    quantile (q) {
      if (count === 0) {
        return
      }

      let left = Math.max(1, Math.ceil(q * count))

      for (let i = 0; i < bins.length; i++) {
        left -= bins[i]

        if (left <= 0) {
          const index = offset + i

          return index === 0 ? 0 : Math.min(max, LEAST * Math.exp((index - 0.5) * GROWTH))
        }
      }

      return max
    }
  }
}
