import TinyQueue from 'tinyqueue'
import type { Timers } from '../timers.ts'

/**
 * A clock that stands still until it is moved, and its timers: for a driver or a target
 * in place of the platform's. It copes with a million timers, so a discrete-event
 * simulation runs on it as well.
 */
export interface FakeClock extends Timers {
  /** Moves time on by `ms`, and runs what falls due on the way, by time, and at the same time in the order in which it was set. */
  pass (ms: number): void
  /** Moves to the next thing that is due and runs it, unless that is later than `until`. False if there was nothing. */
  step (until?: number): boolean
  /** Sets the time without running anything, like a clock that jumps. */
  jump (to: number): void
}

interface Timer {
  at: number
  order: number
  run: (() => void) | undefined
}

/**
 * @param start - the first moment, ms. Default 0
 */
export function fakeClock (start = 0): FakeClock {
  const timers = new TinyQueue<Timer>([], (a, b) => a.at - b.at || a.order - b.order)
  let now = start
  let order = 0

  function set (at: number, run: () => void): Timer {
    const timer: Timer = { at, order: order++, run }
    timers.push(timer)

    return timer
  }

  function step (until = Infinity): boolean {
    for (let next = timers.peek(); next != null && next.at <= until; next = timers.peek()) {
      timers.pop()
      const { run } = next

      if (run != null) {
        next.run = undefined
        // after a jump ahead, timers are overdue
        now = Math.max(now, next.at)
        run()

        return true
      }
    }

    return false
  }

  return {
    now: () => now,
    endOfTick (run) { set(now, run) },
    after (ms, run) {
      const timer = set(now + Math.max(0, ms), run)

      return () => { timer.run = undefined }
    },
    step,
    pass (ms) {
      const end = now + ms
      while (step(end)) { }
      now = Math.max(now, end)
    },
    jump (to) { now = to }
  }
}
