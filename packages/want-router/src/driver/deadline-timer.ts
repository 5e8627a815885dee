import { withStallGrace } from '../stall-grace.ts'
import type { Timers } from '../timers.ts'

/** The one timer of a driver. */
export interface DeadlineTimer {
  /** When it is to fire, ms on the clock of the timers; undefined: not at all. */
  set (deadline: number | undefined): void
  cancel (): void
}

/** After the process has stood still it fires once what has arrived is read. */
export function createDeadlineTimer (timers: Timers, fire: () => void): DeadlineTimer {
  const later = withStallGrace(timers)
  let firesAt: number | undefined
  let cancelTimer: (() => void) | undefined

  return {
    set (deadline) {
      if (deadline === firesAt) {
        return
      }

      // an earlier timer is left to fire: it finds nothing to do and sets the next; one that is overdue is about to
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
