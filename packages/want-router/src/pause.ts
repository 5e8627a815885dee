import type { Timers } from './timers.ts'

/** Resolves after this many ms, or as soon as the signal aborts. */
export async function pause (ms: number, timers: Pick<Timers, 'after'>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return
  }

  const { promise, resolve } = Promise.withResolvers<void>()
  const onAbort = (): void => { resolve() }
  const cancelTimer = timers.after(ms, resolve)
  signal.addEventListener('abort', onAbort)
  await promise
  cancelTimer()
  signal.removeEventListener('abort', onAbort)
}
