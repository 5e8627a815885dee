import { getMany } from '../get-many.ts'
import { toError } from '../sources/attempts.ts'
import { multihashKey } from '../verify.ts'
import type { BlockSource, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

/** A block that is being read, and the calls that wait for it. */
interface Read {
  readonly cid: CID
  readonly waiting: Set<Waiter>
  readonly batch: Batch
}

interface Waiter {
  resolve (bytes: Uint8Array | undefined): void
  reject (err: unknown): void
}

/** Reads that one `getMany` makes. */
interface Batch {
  readonly session: string | undefined
  readonly reads: Map<string, Read>
  readonly controller: AbortController
  /** How many calls wait for these reads. */
  waiters: number
}

/**
 * Combines all `get` calls of one tick into one `getMany`, and calls for a block that
 * is already being read into one read. It is for callers that ask block by block, such
 * as a router. Sessions do not share reads. Aborting a `get` ends only that call; reads
 * that no call waits for are not begun. In a Worker, create one for each request: one
 * request must not wait for another's reads.
 */
export function coalesced (source: BlockSource): BlockSource {
  const reads = new CoalescedReads(source)

  return { ...source, get: async (cid, options = {}) => reads.get(cid, options) }
}

class CoalescedReads {
  readonly #source: BlockSource
  /** By session, then by multihash. */
  readonly #running = new Map<string | undefined, Map<string, Read>>()
  /** The batches that begin at the end of this tick, by session. */
  #next?: Map<string | undefined, Batch>

  constructor (source: BlockSource) {
    this.#source = source
  }

  async get (cid: CID, { signal, session }: SourceOptions): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted()
    const read = this.#join(cid, session)

    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#leave(read, waiter)
        reject(signal?.reason)
      }

      const waiter: Waiter = {
        resolve (bytes) {
          signal?.removeEventListener('abort', abort)
          resolve(bytes)
        },
        reject (err) {
          signal?.removeEventListener('abort', abort)
          reject(err)
        }
      }
      read.waiting.add(waiter)
      read.batch.waiters++
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  #join (cid: CID, session: string | undefined): Read {
    const key = multihashKey(cid)
    const ofSession = this.#running.get(session) ?? new Map<string, Read>()
    const found = ofSession.get(key)

    if (found != null) {
      return found
    }

    const batch = this.#batchOf(session)
    const read: Read = { cid, waiting: new Set(), batch }
    batch.reads.set(key, read)
    ofSession.set(key, read)
    this.#running.set(session, ofSession)

    return read
  }

  #leave (read: Read, waiter: Waiter): void {
    read.waiting.delete(waiter)

    if (read.waiting.size === 0) {
      // later calls begin a new read, since this one may not complete
      this.#forget(read)
    }

    if (--read.batch.waiters === 0) {
      read.batch.controller.abort(new DOMException('no call waits for this read any more', 'AbortError'))
    }
  }

  #batchOf (session: string | undefined): Batch {
    if (this.#next == null) {
      this.#next = new Map()
      queueMicrotask(() => { this.#begin() })
    }

    const batch = this.#next.get(session) ?? { session, reads: new Map<string, Read>(), controller: new AbortController(), waiters: 0 }
    this.#next.set(session, batch)

    return batch
  }

  #begin (): void {
    const batches = this.#next?.values() ?? []
    this.#next = undefined

    for (const batch of batches) {
      // every waiting call gets an answer, including errors
      this.#run(batch).catch(() => {})
    }
  }

  async #run ({ session, reads, controller }: Batch): Promise<void> {
    const { signal } = controller
    const byCid = new Map([...reads.values()].map(read => [read.cid, read]))

    try {
      const wanted = (cid: CID): boolean => (byCid.get(cid)?.waiting.size ?? 0) > 0

      for await (const { cid, bytes, error } of getMany(this.#source, byCid.keys(), { signal, session, wanted })) {
        const read = byCid.get(cid)

        if (read != null) {
          this.#settle(read, waiter => { error == null ? waiter.resolve(bytes) : waiter.reject(error) })
        }
      }

      // the source did not yield a result for this CID
      for (const read of reads.values()) {
        this.#settle(read, waiter => { waiter.reject(new Error(`${read.cid} has no result`)) })
      }
    } catch (err) {
      for (const read of reads.values()) {
        this.#settle(read, waiter => { waiter.reject(toError(err)) })
      }
    }
  }

  #settle (read: Read, answer: (waiter: Waiter) => void): void {
    this.#forget(read)

    for (const waiter of read.waiting) {
      answer(waiter)
    }

    read.batch.waiters -= read.waiting.size
    read.waiting.clear()
  }

  #forget ({ cid, batch: { session, reads } }: Read): void {
    const key = multihashKey(cid)
    const ofSession = this.#running.get(session)

    if (ofSession?.get(key) === reads.get(key)) {
      ofSession?.delete(key)
    }

    if (ofSession?.size === 0) {
      this.#running.delete(session)
    }
  }
}
