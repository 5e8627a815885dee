import type { Timers } from '../timers.ts'

/** A call with a timeout, and what to do for each way in which it ends. */
export interface TimedCall<T> {
  readonly timers: Pick<Timers, 'after'>
  /** For how long it may take, ms. */
  readonly timeout: number
  call (signal: AbortSignal): Promise<T>
  /** The call took too long: returns the error with which its signal aborts. */
  late (): Error
  done (result: T): void
  /** The call threw, rejected or took too long. */
  failed (error: unknown): void
}

/**
 * Makes the call, and then calls `done` or `failed` once. Returns a function that gives the call up with a
 * reason; after that, neither is called.
 */
export function callInTime <T> ({ timers, timeout, call, late, done, failed }: TimedCall<T>): (reason: Error) => void {
  const controller = new AbortController()
  let over = false

  function end (how: () => void): void {
    if (!over) {
      over = true
      cancelTimer()
      how()
    }
  }

  const cancelTimer = timers.after(timeout, () => {
    const error = late()
    end(() => { failed(error) })
    controller.abort(error)
  })

  try {
    call(controller.signal).then(
      result => { end(() => { done(result) }) },
      (err: unknown) => { end(() => { failed(err) }) }
    )
  } catch (err) {
    end(() => { failed(err) })
  }

  return reason => {
    over = true
    cancelTimer()
    controller.abort(reason)
  }
}
