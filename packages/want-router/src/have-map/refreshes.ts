import { createListReader } from './list-reader.ts'
import type { BloomFilter } from './bloom-filter.ts'
import type { ListReaderInit } from './list-reader.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** How often lists are read, and what hears of the results. */
export interface RefreshesInit extends ListReaderInit {
  /** From the end of a list until it is read again, ms. */
  readonly interval: number
  /** A list has been read to its end; how long that took, ms. */
  read (member: string, filter: BloomFilter, ms: number): void
  /** A list could not be read; `isNew`: for the first time since one could. */
  failed (member: string, error: Error, isNew: boolean): void
}

/** Decides when the lists of members are read: again and again, one at a time. */
export interface Refreshes {
  /** Reads its list as soon as it can. */
  begin (member: string): void
  /** Reads it no more. */
  end (member: string): void
  /** A member has a block, which its list may have been without when it was read. */
  seen (member: string, key: WantKey): void
  stop (): void
}

/** From a failure until the list is read again, ms. */
const RETRY_INTERVAL = 60_000

/** The list of one member, from when it is first read until it is read no more. */
interface Job {
  readonly member: string
  readonly controller: AbortController
  /** Its turn is to come, or it has it. */
  waits: boolean
  failing: boolean
  cancelTimer? (): void
}

/** Makes the schedule of lists, with no member in it. */
export function createRefreshes (init: RefreshesInit): Refreshes {
  const lists = createListReader(init)
  const jobs = new Map<string, Job>()
  const queue: Job[] = []
  let running = false

  function enqueue (job: Job): void {
    if (!job.waits) {
      job.cancelTimer?.()
      job.waits = true
      queue.push(job)
      void run()
    }
  }

  async function run (): Promise<void> {
    if (running) {
      return
    }

    running = true

    for (let job = queue.shift(); job != null; job = queue.shift()) {
      await refresh(job)
      job.waits = false
      schedule(job)
    }

    running = false
  }

  async function refresh (job: Job): Promise<void> {
    const { member, controller: { signal } } = job
    const begin = init.timers.now()

    try {
      await lists.read(member, signal, filter => {
        job.failing = false
        init.read(member, filter, init.timers.now() - begin)
      })
    } catch (err) {
      if (!signal.aborted) {
        const isNew = !job.failing
        job.failing = true
        init.failed(member, err as Error, isNew)
      }
    }
  }

  function schedule (job: Job): void {
    if (!job.controller.signal.aborted) {
      job.cancelTimer = init.timers.after(job.failing ? Math.min(init.interval, RETRY_INTERVAL) : init.interval, () => { enqueue(job) })
    }
  }

  function end (member: string): void {
    const job = jobs.get(member)
    jobs.delete(member)
    job?.cancelTimer?.()
    job?.controller.abort()
  }

  return {
    begin (member) {
      if (init.holdingsOf(member) == null) {
        return
      }

      const job = jobs.get(member) ?? { member, controller: new AbortController(), waits: false, failing: false }
      jobs.set(member, job)
      enqueue(job)
    },

    end,

    seen: lists.seen,

    stop () { Array.from(jobs.keys(), end) }
  }
}
