import { nextPass } from './next-pass.ts'

/** Work of one connection that comes in pieces, such as frames. */
export interface Task {
  /** Metered tasks are ordered by how much time they have had, and run after tasks that are not metered: answers that this process has asked for. */
  readonly metered: boolean
  /** Does the next piece and returns its weight, where 1 is the cheapest piece; 0 if there is none. */
  step (): number
  /** Called when all pieces of a task that had to wait are done. */
  idle (): void
  /** Called when a step has thrown. The task does not run any more. */
  failed (error: Error): void
  /** The record that {@link WorkShares} keep of it. Undefined at first; nothing else reads or writes it. */
  share?: Share
}

/** How much of the event loop a task has had. */
export interface Share {
  waiting: boolean
  /** The tick in which it has worked last, and the weight and the time of its work there. */
  tick: number
  weight: number
  time: number
  /** The window in which it has worked last, and the time that it has had there and in the one before. */
  window: number
  current: number
  previous: number
}

/** Shares the time of the event loop between connections. */
export interface WorkShares {
  /**
   * Call it when a task has pieces to do. Does as many of them now as its share of this tick
   * allows, and the rest in later ticks. Returns whether some have to wait.
   */
  ready (task: Task): boolean
  /** Removes a task from those that wait. */
  drop (task: Task): void
  /** Tasks that wait. */
  readonly waiting: number
}

/** Options of work shares. */
export interface WorkSharesInit {
  /** The weight that one task may do in a tick. */
  readonly weight: number
  /** The time that one task may take in a tick, ms. A piece is not interrupted. */
  readonly time: number
  /** The time that all metered tasks may take in a tick together, and all others, ms. */
  readonly total: number
  /** Monotonic time, ms. Default: the platform's. */
  now? (): number
  /** Calls back in the next pass of the event loop. Default: the platform's. */
  defer? (run: () => void): void
}

/**
 * At most 256 cheap frames or 4 ms for one connection, and 8 ms for all. Together with the work
 * that follows from it, a tick stays below 30 ms. A single connection can still use a whole
 * core, since ticks without other work follow each other at once.
 */
export const DEFAULT_WORK_SHARES: WorkSharesInit = { weight: 256, time: 4, total: 8 }

/** Work counts against a task during the window in which it was done and the next one. The length of a window, ms. */
const WINDOW = 500

/**
 * libp2p handles everything that a socket delivers at once, up to 2 MiB a tick, and two
 * megabytes of the smallest frames take seconds. Here each connection has a share of each tick,
 * and its remaining frames wait for later ticks, in order. Connections that have had least time
 * in the last second go first, so the few frames of a modest client do not queue behind the
 * backlog of greedy ones, however many of those there are.
 */
export function createWorkShares (init: WorkSharesInit = DEFAULT_WORK_SHARES): WorkShares {
  return new TickShares(init)
}

class TickShares implements WorkShares {
  readonly #init: WorkSharesInit
  readonly #now: () => number
  readonly #defer: (run: () => void) => void
  readonly #queue = new Set<Task>()
  #tick = 0
  /** The time that metered tasks, and all others, have taken in this tick. */
  #metered = 0
  #others = 0
  #scheduled = false
  readonly #pass = (): void => { this.#runPass() }

  constructor (init: WorkSharesInit) {
    this.#init = init
    this.#now = init.now ?? (() => performance.now())
    this.#defer = init.defer ?? nextPass
  }

  get waiting (): number {
    return this.#queue.size
  }

  ready (task: Task): boolean {
    const share = shareOf(task)

    if (share.waiting) {
      return true
    }

    this.#schedule()

    if (this.#hasTime(task) && this.#hasShare(share)) {
      if (!this.#run(task, share)) {
        return false
      }
    }

    share.waiting = true
    this.#queue.add(task)

    return true
  }

  drop (task: Task): void {
    this.#queue.delete(task)
    shareOf(task).waiting = false
  }

  #schedule (): void {
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#defer(this.#pass)
    }
  }

  /** Begins a tick: tasks that wait get their shares before those that become ready during the tick. */
  #runPass (): void {
    this.#scheduled = false
    this.#tick++
    this.#metered = 0
    this.#others = 0

    for (let task = this.#next(); task != null; task = this.#next()) {
      const share = shareOf(task)
      this.#queue.delete(task)
      share.waiting = this.#run(task, share)

      if (share.waiting) {
        // at the end of the queue, behind tasks that have had as much
        this.#queue.add(task)
      } else {
        task.idle()
      }
    }

    if (this.#queue.size > 0) {
      this.#schedule()
    }
  }

  /** The waiting task that goes next in this tick. */
  #next (): Task | undefined {
    if (this.#queue.size === 0) {
      return undefined
    }

    const window = Math.floor(this.#now() / WINDOW)
    let best: Task | undefined
    let least = Infinity

    for (const task of this.#queue) {
      const share = shareOf(task)

      if (this.#hasShare(share) && this.#hasTime(task)) {
        const used = task.metered ? recent(share, window) : -1

        if (used < least) {
          best = task
          least = used
        }
      }
    }

    return best
  }

  #hasTime (task: Task): boolean {
    return (task.metered ? this.#metered : this.#others) < this.#init.total
  }

  #hasShare (share: Share): boolean {
    return share.tick !== this.#tick || (share.weight < this.#init.weight && share.time < this.#init.time)
  }

  /** Does pieces up to the task's share. Returns whether some may be left. */
  #run (task: Task, share: Share): boolean {
    if (share.tick !== this.#tick) {
      share.tick = this.#tick
      share.weight = 0
      share.time = 0
    }

    const { weight: maxWeight, time: maxTime } = this.#init
    const begin = this.#now()
    const before = share.weight
    let elapsed = 0
    let more = true

    try {
      while (more && share.weight < maxWeight && share.time + elapsed < maxTime) {
        const weight = task.step()
        more = weight > 0
        share.weight += weight

        if (more) {
          elapsed = this.#now() - begin
        }
      }
    } catch (err) {
      more = false
      task.failed(err as Error)
    }

    share.time += elapsed
    // count the weight too, since pieces cause work later, which this does not measure
    this.#count(task, share, begin, Math.max(elapsed, (share.weight - before) * maxTime / maxWeight))

    return more
  }

  #count (task: Task, share: Share, now: number, time: number): void {
    if (!task.metered) {
      this.#others += time

      return
    }

    const window = Math.floor(now / WINDOW)

    if (window !== share.window) {
      share.previous = window === share.window + 1 ? share.current : 0
      share.current = 0
      share.window = window
    }

    share.current += time
    this.#metered += time
  }
}

function shareOf (task: Task): Share {
  // a field of the task instead of a map, which every read of every connection would look up
  task.share ??= { waiting: false, tick: -1, weight: 0, time: 0, window: 0, current: 0, previous: 0 }

  return task.share
}

/** The time that a task has had in this window and in the one before, ms. */
function recent (share: Share, window: number): number {
  switch (window - share.window) {
    case 0: return share.current + share.previous
    case 1: return share.current
    default: return 0
  }
}
