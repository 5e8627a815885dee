import { TimeoutError } from '@libp2p/interface'
import type { Timers } from '../timers.ts'

/** How something is bounded in time. */
export interface TimeoutOptions<T> {
  readonly timers: Pick<Timers, 'after'>
  /** How long it may take, ms. */
  readonly timeout: number
  /** Ends it earlier. */
  readonly signal: AbortSignal
  /** What was not done in time, for the error message. */
  readonly what: string
  /** Receives a result that comes too late, so that it can be closed. */
  late? (result: T): void
}

/**
 * Runs something with a signal that aborts after a timeout or with the caller's,
 * and settles then even if what runs ignores that signal.
 *
 * @throws {TimeoutError} after the timeout
 */
export async function withTimeout<T> (run: (signal: AbortSignal) => Promise<T>, { timers, timeout, signal, what, late }: TimeoutOptions<T>): Promise<T> {
  signal.throwIfAborted()

  const controller = new AbortController()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()

  const giveUp = (why: unknown): void => {
    controller.abort(why)
    reject(why)
  }

  const onAbort = (): void => { giveUp(signal.reason) }
  const cancelTimer = timers.after(timeout, () => { giveUp(new TimeoutError(`${what} took longer than ${timeout} ms`)) })
  signal.addEventListener('abort', onAbort)

  const result = (async () => run(controller.signal))()
  // after the race, no caller waits for a failure
  result.then(result => { controller.signal.aborted && late?.(result) }, () => {})

  try {
    return await Promise.race([result, givenUp])
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', onAbort)
  }
}
