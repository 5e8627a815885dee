import type { Watch } from './watch.ts'

/** Calls that wait until nothing is left to send. */
export interface Flushes {
  /** Something may have become idle. */
  rested (): void
  /** Resolves to true once all is idle, or to false when the signal aborts. */
  wait (signal?: AbortSignal): Promise<boolean>
}

/** Makes an empty list of calls that wait. */
export function createFlushes (idle: () => boolean, watch: Watch): Flushes {
  const waiting = new Set<() => void>()

  function rested (): void {
    if (waiting.size > 0 && idle()) {
      for (const flushed of waiting) {
        flushed()
      }
    }
  }

  return {
    rested,

    async wait (signal) {
      if (idle()) {
        return true
      }

      if (signal?.aborted === true) {
        return false
      }

      const { promise, resolve } = Promise.withResolvers<boolean>()
      const onIdle = (): void => { resolve(true) }
      const onAbort = (): void => { resolve(false) }
      // a stream's buffer may empty without a sign
      const watched = {
        tick () {
          rested()

          return waiting.has(onIdle)
        }
      }

      waiting.add(onIdle)
      watch.add(watched)
      signal?.addEventListener('abort', onAbort)

      try {
        return await promise
      } finally {
        waiting.delete(onIdle)
        watch.remove(watched)
        signal?.removeEventListener('abort', onAbort)
      }
    }
  }
}
