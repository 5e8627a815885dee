/** The cap that a lease is taken from. */
export interface LeaseOptions {
  /** The whole cap. */
  readonly limit: number
  /** For how long the key is used, ms. */
  readonly window: number
  readonly signal: AbortSignal
}

/**
 * Counts for several processes together. It is not called for each want: a process takes a part of a cap at a time, and
 * counts within that itself.
 */
export interface QuotaStore {
  /**
   * Takes up to `amount` of what is left under a key. A key names its window, and can be forgotten after it.
   *
   * @returns how much was taken: less than `amount` if less was left
   */
  take (key: string, amount: number, options: LeaseOptions): Promise<number>
}

/** A store for several routers of one process, and for tests. */
export function memoryQuotaStore (now: () => number = Date.now): QuotaStore {
  const counters = new Map<string, { taken: number, until: number }>()

  return {
    async take (key, amount, { limit, window }) {
      for (const [key, { until }] of counters) {
        if (until <= now()) {
          counters.delete(key)
        }
      }

      const counter = counters.get(key) ?? { taken: 0, until: now() + window }
      const got = Math.max(0, Math.min(amount, limit - counter.taken))
      counters.set(key, { ...counter, taken: counter.taken + got })

      return got
    }
  }
}
