import type { Timers } from '../timers.ts'

/** Wants that wait for the block that links to them. */
export interface WaitingWants {
  /** Resolves when they are `known`, when they have waited as long as they may, or when the signal aborts. */
  wait (known: () => boolean, signal: AbortSignal): Promise<void>
  /** More is known. */
  review (): void
}

/** `ms`: how long they may wait. */
export function createWaitingWants (timers: Timers, ms: number): WaitingWants {
  const reviews = new Set<() => void>()

  return {
    async wait (known, signal) {
      await new Promise<void>(resolve => {
        const review = (): void => {
          if (signal.aborted || known()) {
            end()
          }
        }

        const end = (): void => {
          cancelTimer()
          signal.removeEventListener('abort', end)
          reviews.delete(review)
          resolve()
        }

        const cancelTimer = timers.after(ms, end)
        signal.addEventListener('abort', end)
        reviews.add(review)
        review()
      })
    },

    review () {
      for (const review of reviews) {
        review()
      }
    }
  }
}
