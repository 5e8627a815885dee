import type { Timers } from '../timers.ts'

/** A call that may take a limited time, and what follows from each way in which it ends. */
export interface TimedCall<T> {
  readonly timers: Pick<Timers, 'after'>
  /** For how long it may take, ms. */
  readonly timeout: number
  call (signal: AbortSignal): Promise<T>
  /** It took too long: returns the reason, with which its signal aborts afterwards. */
  late (): Error
  done (result: T): void
  /** It threw, rejected or took too long. */
  failed (error: unknown): void
}

/** Calls, and calls `done` or `failed` once, unless the result, which gives up with a reason, is called before. */
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
