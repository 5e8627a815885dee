/** The clock and timers; the defaults are the platform's. */
export interface Timers {
  /** Monotonic time, ms. */
  now (): number
  /** Calls once, at the end of the current tick: the current pass of the event loop. */
  endOfTick (run: () => void): void
  /** Calls once after `ms`; the result cancels. */
  after (ms: number, run: () => void): () => void
}

/** The platform's clock and timers. */
export const platformTimers: Timers = {
  now: () => performance.now(),
  endOfTick: typeof setImmediate === 'function' ? run => { setImmediate(run) } : run => { setTimeout(run, 0) },
  after (ms, run) {
    const timer = setTimeout(run, ms)

    return () => { clearTimeout(timer) }
  }
}
