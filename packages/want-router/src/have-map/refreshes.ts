import { pause } from '../pause.ts'
import { BloomFilter } from './bloom-filter.ts'
import type { KeyHash } from './key-hash.ts'
import type { TargetInit } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

export interface RefreshesInit {
  readonly timers: Pick<Timers, 'now' | 'after'>
  readonly hash: KeyHash
  readonly pinned: boolean
  readonly interval: number
  readonly maxBytes: number
  /** How a member lists its blocks, if it can. */
  holdingsOf (member: string): TargetInit['holdings']
  /** A list has been read to its end. */
  read (member: string, filter: BloomFilter): void
  /** A list could not be read, for the first time since one could. */
  failed (member: string, error: Error): void
}

/** Reads the lists of members again and again, one at a time. */
export interface Refreshes {
  /** Reads its list as soon as it can. */
  begin (member: string): void
  /** Reads it no more. */
  end (member: string): void
  /** A member has a block, which its list may have been without when it was read. */
  seen (member: string, key: WantKey): void
  stop (): void
}

/** After a failure a list is read again so soon, ms. */
const RETRY_INTERVAL = 60_000

/** A list of which nothing comes for so long is given up, ms. */
const IDLE_TIMEOUT = 60_000

/** Lists are long: after each piece of work comes a pause of so many times its length. */
const REST = 4

/** The lists of one member. */
interface Job {
  readonly member: string
  readonly controller: AbortController
  /** Its turn is to come, or it has it. */
  waits: boolean
  failing: boolean
  cancelTimer? (): void
}

export function createRefreshes (init: RefreshesInit): Refreshes {
  const { timers, hash, pinned, interval, maxBytes } = init
  const jobs = new Map<string, Job>()
  const queue: Job[] = []
  let building: { readonly member: string, readonly filter: BloomFilter } | undefined
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
    }

    running = false
  }

  async function refresh (job: Job): Promise<void> {
    const { member, controller: { signal } } = job
    const filter = new BloomFilter(maxBytes)
    building = { member, filter }

    try {
      await fill(filter, member, signal)
      filter.fold()

      if (!signal.aborted) {
        job.failing = false
        init.read(member, filter)
      }
    } catch (err) {
      if (!signal.aborted && !job.failing) {
        job.failing = true
        init.failed(member, err as Error)
      }
    }

    building = undefined
    job.waits = false

    if (!signal.aborted) {
      job.cancelTimer = timers.after(job.failing ? Math.min(interval, RETRY_INTERVAL) : interval, () => { enqueue(job) })
    }
  }

  /** Rejects as the list does, and if nothing comes of it. */
  async function fill (filter: BloomFilter, member: string, ended: AbortSignal): Promise<void> {
    const idle = new AbortController()
    const signal = AbortSignal.any([ended, idle.signal])
    const watch = (): () => void => timers.after(IDLE_TIMEOUT, () => { idle.abort(new Error(`its list of blocks stopped for ${IDLE_TIMEOUT / 1000} s`)) })
    let cancelTimer = watch()

    try {
      for await (const keys of init.holdingsOf(member)?.({ pinned, signal }) ?? []) {
        cancelTimer()
        const begin = timers.now()

        for (const key of keys) {
          filter.add(hash.of(key))
        }

        await pause(REST * (timers.now() - begin), timers, signal)
        signal.throwIfAborted()
        cancelTimer = watch()
      }
    } finally {
      cancelTimer()
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

    seen (member, key) {
      if (building?.member === member) {
        building.filter.add(hash.of(key))
      }
    },

    stop () { Array.from(jobs.keys(), end) }
  }
}
