import { createLiving } from './living.ts'
import type { CachedInit } from '@kitsune/block-source'
import type { CID } from 'multiformats/cid'

interface ReadTurnsInit {
  /** The most blocks that are read at the same time, which bounds the memory of reads. */
  readonly max: number
  /** How many blocks are held otherwise, which count as if they were being read. Default: none. */
  held? (): number
  /** Default: the platform's. */
  now? (): number
  sleep? (ms: number): Promise<void>
}

/** How long a request waits before it looks again, ms: at first, and at most. */
const FIRST_WAIT = 4
const LONGEST_WAIT = 32
/** The most that one read counts: a request reads many blocks a few at a time. */
export const MAX_WEIGHT = 16

interface Read {
  readonly keys: ReadonlySet<string>
  readonly weight: number
}

/**
 * Lets the requests of an isolate read in turns, and lets only one of them read a block at a
 * time: the others then find the block in the cache. A request cannot wait for a promise of
 * another one, so each polls with its own timer.
 */
export function createReadTurns ({ max, held = () => 0, now, sleep = async ms => new Promise(resolve => { setTimeout(resolve, ms) }) }: ReadTurnsInit): NonNullable<CachedInit['turn']> {
  const reads = createLiving<Read>(now)

  function isFree ({ keys, weight }: Read): boolean {
    let sum = weight

    for (const read of reads) {
      if (isShared(read.keys, keys)) {
        return false
      }

      sum += read.weight
    }

    sum += held()

    return sum <= max || sum === weight
  }

  return async (missing, signal) => {
    let read = readOf(missing())

    for (let wait = FIRST_WAIT; read.weight > 0 && !isFree(read); wait = Math.min(2 * wait, LONGEST_WAIT)) {
      await sleep(wait)
      signal?.throwIfAborted()
      read = readOf(missing())
    }

    reads.see(read)

    return () => { reads.delete(read) }
  }
}

function readOf (cids: readonly CID[]): Read {
  return { keys: new Set(cids.map(({ multihash }) => multihash.bytes.toString())), weight: Math.min(cids.length, MAX_WEIGHT) }
}

function isShared (some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const key of others) {
    if (some.has(key)) {
      return true
    }
  }

  return false
}
