import { once } from './once.ts'

/** Counts requests that are open, so that a drain can wait for their ends. */
export interface OpenRequests {
  /** Whether no more requests are accepted. */
  readonly draining: boolean
  /** Counts one more, until the result is called. */
  add (): () => void
  /** Accepts no more, and resolves when none is open or the signal aborts. */
  drain (signal?: AbortSignal): Promise<void>
}

/** Creates a count that begins at 0. */
export function createOpenRequests (): OpenRequests {
  let open = 0
  let drained: PromiseWithResolvers<void> | undefined

  return {
    get draining () { return drained != null },

    add () {
      open++

      return once(() => {
        open--

        if (open === 0) {
          drained?.resolve()
        }
      })
    },

    async drain (signal) {
      drained ??= Promise.withResolvers()

      if (open === 0 || signal?.aborted === true) {
        return
      }

      const over = Promise.withResolvers<void>()
      signal?.addEventListener('abort', () => { over.resolve() }, { once: true })
      await Promise.race([drained.promise, over.promise])
    }
  }
}
