/** Something to be done whose results take memory. */
export interface Task<Result> {
  /** What it takes at most, in bytes, as far as can be known before. */
  readonly size: number
  /** Never rejects but with the signal's reason. */
  run (signal: AbortSignal): Promise<Outcome<Result>>
}

export interface Outcome<Result> {
  /** What it brought, each with the bytes that it holds on to. */
  readonly results: ReadonlyArray<{ readonly result: Result, readonly size: number }>
  /** What has to be done yet. */
  readonly more: ReadonlyArray<Task<Result>>
}

export interface TaskLimits {
  /** How many run at a time. */
  readonly concurrency: number
  /** What tasks under way and results that were not taken may hold, in bytes. A single task may take more. */
  readonly maxBytes: number
}

/**
 * Runs tasks and yields what they bring, in the order in which it is there. None
 * begins before there is room for it: a consumer that takes nothing stops it all,
 * and what has not begun when it leaves, or when the signal aborts, never begins.
 */
export async function * runTasks<Result> (tasks: Iterable<Task<Result>>, { concurrency, maxBytes }: TaskLimits, signal?: AbortSignal): AsyncGenerator<Result> {
  const waiting = [...tasks].reverse()
  const ready: Array<{ result: Result, size: number }> = []
  const running = new Set<Promise<void>>()
  const controller = new AbortController()
  const abort = (): void => { controller.abort(signal?.reason) }
  let held = 0
  let failure: { err: unknown } | undefined

  async function run (task: Task<Result>): Promise<void> {
    try {
      const { results, more } = await task.run(controller.signal)
      ready.push(...results)
      held += results.reduce((sum, { size }) => sum + size, 0)
      // what failed in part comes first, while it is known why
      waiting.push(...more.toReversed())
    } catch (err) {
      failure ??= { err }
    } finally {
      held -= task.size
    }
  }

  function begin (): void {
    for (let task = waiting.at(-1); task != null && running.size < concurrency && (held === 0 || held + task.size <= maxBytes); task = waiting.at(-1)) {
      waiting.pop()
      held += task.size
      const promise = run(task).finally(() => { running.delete(promise) })
      running.add(promise)
    }
  }

  signal?.addEventListener('abort', abort, { once: true })

  try {
    while (true) {
      signal?.throwIfAborted()
      if (failure != null) {
        throw failure.err
      }
      begin()
      const next = ready.shift()
      if (next != null) {
        yield next.result
        held -= next.size
      } else if (running.size > 0) {
        await Promise.race(running)
      } else {
        return
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    controller.abort(new DOMException('nobody takes the results any more', 'AbortError'))
  }
}
