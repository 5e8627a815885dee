import { withStallGrace } from '../stall-grace.ts'
import type { After } from '../stall-grace.ts'

/** Something with timeouts. They are coarse, so one timer serves all. */
export interface Watched {
  /** Looks at its timeouts; true while there are any left to look at. */
  tick (now: number): boolean
}

/** Everything that has a timeout at the moment. */
export interface Watch {
  /** From now on the thing is ticked, until it says that it need not be. */
  add (watched: Watched): void
  remove (watched: Watched): void
  /** Forgets everything and stops the timer. */
  clear (): void
  readonly size: number
}

/**
 * One timer for all timeouts of a network. It runs only while something is
 * watched and holds no process open. After the process has stood still, what has
 * arrived is read first.
 */
export function createWatch (interval: number, now: () => number, after: After): Watch {
  const all = new Set<Watched>()
  const later = withStallGrace({ now, after })
  let cancel: (() => void) | undefined

  function tick (): void {
    cancel = undefined
    const time = now()

    for (const watched of all) {
      if (!watched.tick(time)) {
        all.delete(watched)
      }
    }

    arm()
  }

  function arm (): void {
    if (all.size > 0) {
      cancel ??= later(interval, tick)
    }
  }

  return {
    add (watched) {
      all.add(watched)
      arm()
    },
    remove (watched) {
      all.delete(watched)
    },
    clear () {
      all.clear()
      cancel?.()
      cancel = undefined
    },
    get size () {
      return all.size
    }
  }
}

/** The real timer. */
export const realAfter: After = (ms, run) => {
  const timer: ReturnType<typeof setTimeout> | { unref? (): void } = setTimeout(run, ms)

  // only Node has it: a browser's timer is a number
  if (typeof timer === 'object') {
    timer.unref?.()
  }

  return () => { clearTimeout(timer as ReturnType<typeof setTimeout>) }
}
