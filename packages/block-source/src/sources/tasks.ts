/** A unit of work whose results take memory. */
export interface Task<Result> {
  /** The most memory that it takes, in bytes, as far as known beforehand. */
  readonly size: number
  /** Only rejects with the signal's reason. */
  run (signal: AbortSignal): Promise<Outcome<Result>>
}

/** The outcome of a task. */
export interface Outcome<Result> {
  readonly results: readonly Result[]
  /** How much memory the results take, in bytes. */
  readonly size: number
  /** Tasks that remain to be done. */
  readonly more: ReadonlyArray<Task<Result>>
  /** Called when the consumer requests more, since it has then finished with these results. Not called if the consumer leaves. */
  release? (): void
}

interface TaskLimits {
  /** How many tasks run at the same time. */
  readonly concurrency: number
  /** How much memory running tasks and results not yet taken may hold, in bytes. A single task may take more. */
  readonly maxBytes: number
}

/**
 * Runs tasks and yields the results of each in the order of completion. A task begins only
 * when there is memory for it, so a consumer that takes no results stops the work. Tasks
 * that have not begun when the consumer leaves or the signal aborts never begin.
 */
export async function * runTasks<Result> (tasks: Iterable<Task<Result>>, { concurrency, maxBytes }: TaskLimits, signal?: AbortSignal): AsyncGenerator<readonly Result[]> {
  const waiting = [...tasks].reverse()
  const ready: Array<Outcome<Result>> = []
  const running = new Set<Promise<void>>()
  const controller = new AbortController()
  const abort = (): void => { controller.abort(signal?.reason) }
  let held = 0
  let failure: { err: unknown } | undefined

  async function run (task: Task<Result>): Promise<void> {
    try {
      const outcome = await task.run(controller.signal)
      ready.push(outcome)
      held += outcome.size
      // retries of partial failures come first, while their causes are still known
      waiting.push(...outcome.more.toReversed())
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
        yield next.results
        held -= next.size
        next.release?.()
      } else if (running.size > 0) {
        await Promise.race(running)
      } else {
        return
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    controller.abort(new DOMException('the consumer has left', 'AbortError'))
  }
}
