import { nextPass } from './next-pass.ts'

/** Work of one connection that comes in pieces, such as frames. */
export interface Task {
  /** False: it goes before the tasks that are metered, which compete by how much they have had. Answers that this process has asked for are not. */
  readonly metered: boolean
  /** Does the next piece and returns its weight, where 1 is the cheapest piece; 0 if there is none. */
  step (): number
  /** It waits no more: all of its pieces are done. */
  idle (): void
  /** A step threw. The task is not run any more. */
  failed (error: Error): void
  /** What {@link WorkShares} note of it. Undefined at first; nothing else reads or writes it. */
  share?: Share
}

/** What a task has had of the event loop. */
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
   * A task has pieces to do. Does them now as far as its share of this tick goes, and
   * the rest in later ticks. Returns whether some have to wait.
   */
  ready (task: Task): boolean
  /** Forgets what a task has waiting. */
  drop (task: Task): void
  /** Tasks that wait. */
  readonly waiting: number
}

/** What work shares are made from. */
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
 * At most 256 cheap frames or 4 ms for one connection, and 8 ms for all: with what
 * follows from it a tick stays below 30 ms, and a connection that is alone still
 * fills a core, since ticks without other work follow each other at once.
 */
export const DEFAULT_WORK_SHARES: WorkSharesInit = { weight: 256, time: 4, total: 8 }

/** How long the work of a task counts against it: this much, and as much again while it fades, ms. */
const WINDOW = 500

/**
 * libp2p works through everything that a socket delivers at once, up to 2 MiB a tick,
 * and two megabytes of the smallest frames take seconds. Here each connection has a
 * share of each tick. What remains waits for later ticks, in order. Those that have
 * had least in the last second go first: the few frames of a modest client do not
 * queue behind the backlog of greedy ones, however many these are.
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

  /** A tick begins: what waits has its share first, then what arrives. */
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
        // behind those that have had as much
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
    // what a piece causes later counts, too
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
  // a field of the task: a map would be asked for every read of every connection
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
