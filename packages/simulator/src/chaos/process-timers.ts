import type { Timers } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/** The timers of the process under test, which can be stopped. */
export interface ProcessTimers extends Timers {
  /**
   * The process stands still for this long, while messages come to its sockets.
   * Then, as in an event loop, its timers that are overdue run before what waits
   * in the sockets is read. `late` is called before each of them, with how late
   * it is, ms, and after the last with 0.
   */
  stall (ms: number, late: (ms: number) => void): void
}

interface Timer {
  readonly at: number
  fire (): void
}

/** Makes the timers of a process that can stall while the clock goes on. */
export function createProcessTimers (clock: FakeClock): ProcessTimers {
  const pending = new Set<Timer>()

  return {
    now: clock.now,
    endOfTick: clock.endOfTick,

    after (ms, run) {
      const fire = (): void => {
        cancel()
        run()
      }

      const cancelTimer = clock.after(ms, fire)
      const timer: Timer = { at: clock.now() + Math.max(0, ms), fire }

      const cancel = (): void => {
        pending.delete(timer)
        cancelTimer()
      }

      pending.add(timer)

      return cancel
    },

    stall (ms, late) {
      const now = clock.now() + ms
      clock.jump(now)
      const overdue = [...pending].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at)

      for (const timer of overdue) {
        // an earlier one may have cancelled it
        if (pending.has(timer)) {
          late(now - timer.at)
          timer.fire()
        }
      }

      late(0)
      clock.pass(0)
    }
  }
}
