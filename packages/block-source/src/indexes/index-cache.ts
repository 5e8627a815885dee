import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError, MalformedCarError, MalformedIndexError } from '../errors.ts'
import { DEFAULT_ISOLATED, SharedReads } from './shared-reads.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options for reading and caching index files. */
export interface IndexReadInit {
  /** The size of one read, in bytes. Default 64 KiB */
  readonly pageLength?: number
  /** Indexes up to this length, in bytes, are read whole, in at most two reads, and then also tell where sections end. Default 1 MiB */
  readonly wholeLength?: number
  /** How much memory the cache may take, in bytes. Default 16 MiB */
  readonly cacheLength?: number
  /** How many reads one lookup makes at the same time. Default 6 */
  readonly concurrency?: number
  /** The most locations returned for a block. Default 10 */
  readonly maxLocations?: number
  /**
   * Whether lookups must not share reads, because one request may not await another
   * request's promise. Default: true in workerd
   */
  readonly isolated?: boolean
  /** How long a malformed index fails without being read again, in ms. Default 60,000 */
  readonly malformedTtl?: number
  /** The time in ms, for tests. Default: `performance.now` */
  now?(): number
}

/** The result of opening a file. It takes `length` bytes of memory. */
interface Opened {
  readonly length: number
}

/**
 * Caches pages of index files and the results of opening them. It holds bytes and plain
 * data, never promises, so that requests can share it in workerd.
 */
export class IndexCache {
  readonly store: ObjectStore
  readonly pageLength: number
  readonly wholeLength: number
  readonly concurrency: number
  readonly maxLocations: number
  readonly #isolated: boolean
  readonly #reads = new SharedReads()
  readonly #pages: LRUCache<string, Uint8Array>
  readonly #opened: LRUCache<string, Opened>
  readonly #malformed: LRUCache<string, Error>

  /** @throws {InvalidOptionError} if a number is not a whole number above 0 */
  constructor (store: ObjectStore, init: IndexReadInit = {}) {
    this.store = store
    this.pageLength = whole('pageLength', init.pageLength ?? DEFAULTS.indexPage)
    this.wholeLength = whole('wholeLength', init.wholeLength ?? DEFAULTS.wholeIndex)
    this.concurrency = whole('concurrency', init.concurrency ?? DEFAULTS.indexReads)
    this.maxLocations = whole('maxLocations', init.maxLocations ?? DEFAULTS.maxLocations)
    this.#isolated = init.isolated ?? DEFAULT_ISOLATED
    const maxSize = whole('cacheLength', init.cacheLength ?? DEFAULTS.indexCache)
    this.#pages = new LRUCache({ maxSize, sizeCalculation: page => page.length + 200 })
    this.#opened = new LRUCache({ maxSize, sizeCalculation: ({ length }) => length + 200 })
    this.#malformed = new LRUCache({
      max: DEFAULTS.malformedIndexes,
      ttl: init.malformedTtl ?? DEFAULTS.malformedTtl,
      ttlResolution: 0,
      ...(init.now == null ? {} : { perf: { now: init.now } })
    })
  }

  /** The running reads that a lookup may join: those of all lookups, or only its own. */
  lookupReads (): SharedReads {
    return this.#isolated ? new SharedReads() : this.#reads
  }

  page (key: string): Uint8Array | undefined {
    return this.#pages.get(key)
  }

  keepPage (key: string, page: Uint8Array): void {
    this.#pages.set(key, page)
  }

  /**
   * Returns the result of opening a file, from the cache or by `read`. The cache also
   * remembers for a while that a file is malformed, so that not every lookup reads it
   * again. Each key must only be used for one type of result.
   */
  async open<T extends Opened> (key: string, lookup: Lookup, read: () => Promise<T>): Promise<T> {
    const failure = this.#malformed.get(key)

    if (failure != null) {
      throw failure
    }

    return this.#opened.get(key) as T | undefined ?? lookup.reads.run(key, async () => this.#read(key, read), lookup.signal)
  }

  async #read<T extends Opened> (key: string, read: () => Promise<T>): Promise<T> {
    try {
      const opened = await read()
      this.#opened.set(key, opened)

      return opened
    } catch (err) {
      if (err instanceof MalformedIndexError || err instanceof MalformedCarError) {
        this.#malformed.set(key, err)
      }

      throw err
    }
  }

  /** Forgets the result of opening a file, because the file has changed. The pages of the old version are not used again. */
  forget (key: string): void {
    this.#opened.delete(key)
  }
}

/** The context of one lookup. */
export interface Lookup {
  /** The reads that the lookup may join. */
  readonly reads: SharedReads
  readonly signal?: AbortSignal
}

function whole (name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidOptionError(`${name} must be a whole number above 0, not ${value}`)
  }

  return value
}
