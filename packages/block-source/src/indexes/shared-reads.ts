/**
 * Whether this is workerd, where a promise of one request hangs or fails when another
 * request awaits it.
 */
export const DEFAULT_ISOLATED: boolean = globalThis.navigator?.userAgent === 'Cloudflare-Workers'

interface Running {
  readonly promise: Promise<unknown>
  readonly signal?: AbortSignal
}

/**
 * The reads under way, so that callers that need the same bytes at the same time read
 * them once.
 *
 * The first caller reads, with its own signal. If it aborts, the next waiting caller
 * begins a new read, so that no read continues after all of its callers have left.
 */
export class SharedReads {
  readonly #running = new Map<string, Running>()

  /**
   * Runs `read`, or awaits the running read with the same key. Rejects with the reason
   * of `signal` as soon as it aborts.
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

/** Settles like the promise, or rejects with the signal's reason if the signal aborts first. */
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
