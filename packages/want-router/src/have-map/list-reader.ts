import { pause } from '../pause.ts'
import { BloomFilter } from './bloom-filter.ts'
import type { KeyHash } from './key-hash.ts'
import type { TargetInit } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** How lists of members are read, and how much memory each may take. */
export interface ListReaderInit {
  readonly timers: Pick<Timers, 'now' | 'after'>
  readonly hash: KeyHash
  /** Whether members list their pins only. */
  readonly pinned: boolean
  /** Memory for one list, bytes. */
  readonly maxBytes: number
  /** How a member lists its blocks, if it can. */
  holdingsOf (member: string): TargetInit['holdings']
}

/** Reads the lists of members, one at a time, so gently that the router can do its work beside. */
export interface ListReader {
  /** Calls `done` at the end of the list. Rejects as the list does, if nothing comes of it for a minute, or once the signal aborts. */
  read (member: string, signal: AbortSignal, done: (filter: BloomFilter) => void): Promise<void>
  /** A member has a block; the list that is being read may have been made before. */
  seen (member: string, key: WantKey): void
}

/** A list of which nothing comes for this long is given up, ms. */
const IDLE_TIMEOUT = 60_000

/** Lists are long: after each piece of work comes a pause of this many times its length. */
const REST = 4

/** Makes a reader of lists, which reads one at a time. */
export function createListReader ({ timers, hash, pinned, maxBytes, holdingsOf }: ListReaderInit): ListReader {
  let reading: { readonly member: string, readonly filter: BloomFilter } | undefined

  async function fill (filter: BloomFilter, member: string, ended: AbortSignal): Promise<void> {
    const idle = new AbortController()
    const signal = AbortSignal.any([ended, idle.signal])
    const watch = (): () => void => timers.after(IDLE_TIMEOUT, () => { idle.abort(new Error(`its list of blocks stopped for ${IDLE_TIMEOUT / 1000} s`)) })
    let cancelTimer = watch()

    try {
      for await (const keys of holdingsOf(member)?.({ pinned, signal }) ?? []) {
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

    ended.throwIfAborted()
  }

  return {
    async read (member, signal, done) {
      const filter = new BloomFilter(maxBytes)
      reading = { member, filter }

      try {
        await fill(filter, member, signal)
        filter.fold()
        done(filter)
      } finally {
        reading = undefined
      }
    },

    seen (member, key) {
      if (reading?.member === member) {
        reading.filter.add(hash.of(key))
      }
    }
  }
}
