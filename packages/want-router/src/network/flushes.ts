import type { Watch } from './watch.ts'

/** Calls that wait until nothing is left to send. */
export interface Flushes {
  /** Has to be called when a writer may have become idle. */
  mayBeIdle (): void
  /** Resolves to true when all writers are idle, or to false when the signal aborts. */
  wait (signal?: AbortSignal): Promise<boolean>
}

/** Makes an empty list of calls that wait. */
export function createFlushes (idle: () => boolean, watch: Watch): Flushes {
  const waiting = new Set<() => void>()

  function mayBeIdle (): void {
    if (waiting.size > 0 && idle()) {
      for (const flushed of waiting) {
        flushed()
      }
    }
  }

  return {
    mayBeIdle,

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
      // a stream's buffer may empty without an event
      const watched = {
        tick () {
          mayBeIdle()

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
