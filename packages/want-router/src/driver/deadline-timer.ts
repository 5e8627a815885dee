import { withStallGrace } from '../stall-grace.ts'
import type { Timers } from '../timers.ts'

/** The one timer of a driver. */
export interface DeadlineTimer {
  /** Sets when the timer fires, ms on the clock of the timers; undefined: not at all. */
  set (deadline: number | undefined): void
  cancel (): void
}

/** Makes a timer that, after the process was suspended, fires only when everything that had arrived is read. */
export function createDeadlineTimer (timers: Timers, fire: () => void): DeadlineTimer {
  const later = withStallGrace(timers)
  let firesAt: number | undefined
  let cancelTimer: (() => void) | undefined

  return {
    set (deadline) {
      if (deadline === firesAt) {
        return
      }

      // an earlier timer is left to fire: it finds nothing to do and the driver sets the next; an overdue one is about to fire
      if (deadline != null && firesAt != null && (firesAt <= deadline || firesAt <= timers.now())) {
        return
      }

      cancelTimer?.()
      cancelTimer = undefined
      firesAt = deadline

      if (deadline != null) {
        cancelTimer = later(Math.max(1, Math.ceil(deadline - timers.now())), () => {
          firesAt = undefined
          fire()
        })
      }
    },

    cancel () {
      cancelTimer?.()
    }
  }
}
