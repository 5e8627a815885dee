/**
 * In workerd a promise that was made for one request hangs or fails when another
 * request awaits it.
 */
export const DEFAULT_ISOLATED: boolean = globalThis.navigator?.userAgent === 'Cloudflare-Workers'

interface Running {
  readonly promise: Promise<unknown>
  readonly signal?: AbortSignal
}

/**
 * Reads that are under way, so that callers who need the same bytes at the same
 * time read them once.
 *
 * The first caller reads, under its own signal. If it aborts, the next one that
 * waited begins anew, so that no read goes on for callers who all have left.
 */
export class SharedReads {
  readonly #running = new Map<string, Running>()

  /**
   * Runs `read`, or awaits the one that runs under the same key. Rejects with the
   * reason of `signal` as soon as it aborts.
   */
  async run<T> (key: string, read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      signal?.throwIfAborted()
      const running = this.#running.get(key)

      if (running == null) {
        return this.#begin(key, read, signal)
      }

      try {
        return await unlessAborted(running.promise, signal) as T
      } catch (err) {
        if (signal?.aborted === true || running.signal?.aborted !== true) {
          throw err
        }
      }
    }
  }

  async #begin<T> (key: string, read: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const promise = read()
    const running: Running = { promise, signal }
    this.#running.set(key, running)

    try {
      return await promise
    } finally {
      if (this.#running.get(key) === running) {
        this.#running.delete(key)
      }
    }
  }
}

/** Settles as the promise does, or rejects with the signal's reason if that aborts first. */
async function unlessAborted<T> (promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal == null) {
    return promise
  }

  return new Promise<T>((resolve, reject) => {
    const abort = (): void => { reject(signal.reason) }

    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => { signal.removeEventListener('abort', abort) })
  })
}
