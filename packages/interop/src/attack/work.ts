import { createWorkShares } from '@kitsune/host'
import type { Share, Task, WorkShares } from '@kitsune/host'

/**
 * The most work on clients' data in one pass of the event loop. A frame of a muxer weighs 1 at
 * least, and more if it is long.
 */
export interface Work {
  /** For one connection. */
  readonly connection: number
  /** For all connections together. */
  readonly all: number
}

/** Starts counting. */
export interface WorkCounter {
  /** The most since the last call. */
  take (): Work
}

/** Measures the shares that the connections of this process have had of each pass. */
export function watchWork (): WorkCounter {
  const shares = Object.getPrototypeOf(createWorkShares()) as WorkShares
  const { ready } = shares
  const watched = new WeakSet<Task>()
  let connection = 0
  let all = 0
  let tick = -1
  let sum = 0

  shares.ready = function (task) {
    if (task.metered && !watched.has(task)) {
      watched.add(task)
      task.share = watchedShare((now, before, after) => {
        sum = (now === tick ? sum : 0) + Math.max(0, after - before)
        tick = now
        connection = Math.max(connection, after)
        all = Math.max(all, sum)
      })
    }

    return ready.call(this, task)
  }

  return {
    take () {
      const work = { connection, all }
      connection = 0
      all = 0

      return work
    }
  }
}

/** A share that reports how its weight changes in each pass. */
function watchedShare (changed: (tick: number, before: number, after: number) => void): Share {
  let weight = 0

  return {
    waiting: false,
    tick: -1,
    get weight () { return weight },
    set weight (after) {
      changed(this.tick, weight, after)
      weight = after
    },
    time: 0,
    window: 0,
    current: 0,
    previous: 0
  }
}
