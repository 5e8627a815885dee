/** Time, as requests need it. */
export interface Timers {
  /** Monotonic, ms. */
  now (): number
  /** Calls once after this many ms, unless the result is called before. */
  after (ms: number, run: () => void): () => void
}

/** The timers of the platform. */
export const platformTimers: Timers = {
  now: () => performance.now(),
  after (ms, run) {
    const timer = setTimeout(run, ms)

    return () => { clearTimeout(timer) }
  }
}
