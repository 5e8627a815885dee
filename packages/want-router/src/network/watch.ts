import { withStallGrace } from '../stall-grace.ts'
import type { After } from '../stall-grace.ts'

/** Something with timeouts. */
export interface Watched {
  /** Checks its timeouts; true while there are any. */
  tick (now: number): boolean
}

/** Ticks everything that has timeouts, with one timer. */
export interface Watch {
  /** Ticks an object from now on, until its `tick` returns false. */
  add (watched: Watched): void
  remove (watched: Watched): void
  /** Forgets everything and stops the timer. */
  clear (): void
  readonly size: number
}

/**
 * Makes the one timer of all timeouts of a network, which are coarse. It runs only while
 * something is watched, and does not keep the process running. After the process was
 * suspended, what has arrived is read first.
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

/** Sets a real timer, which does not keep the process running. */
export const realAfter: After = (ms, run) => {
  const timer: ReturnType<typeof setTimeout> | { unref? (): void } = setTimeout(run, ms)

  // only Node has `unref`: a browser's timer is a number
  if (typeof timer === 'object') {
    timer.unref?.()
  }

  return () => { clearTimeout(timer as ReturnType<typeof setTimeout>) }
}
