import { NoProgressError } from '../errors.ts'
import type { Timers } from '../timers.ts'

interface StallTimeoutInit {
  /** For how long there may be no progress. */
  readonly ms: number
  readonly timers: Timers
  readonly signal: AbortSignal
}

/** A function that runs under a stall timeout: its signal aborts with the given one, or if it does not call `progress` in time. */
export type Stallable<T> = (signal: AbortSignal, progress: () => void) => Promise<T>

/** Runs a function that has to call `progress` again and again. */
export async function withStallTimeout <T> ({ ms, timers, signal }: StallTimeoutInit, run: Stallable<T>): Promise<T> {
  const stalled = new AbortController()
  let cancel = (): void => {}

  const progress = (): void => {
    cancel()
    cancel = timers.after(ms, () => { stalled.abort(new NoProgressError(`it was silent for ${ms / 1000} s`)) })
  }

  progress()

  try {
    return await run(AbortSignal.any([signal, stalled.signal]), progress)
  } finally {
    cancel()
  }
}
