import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError, MalformedCarError, MalformedIndexError } from '../errors.ts'
import { DEFAULT_ISOLATED, SharedReads } from './shared-reads.ts'
import type { ObjectStore } from '../object-store.ts'

/** How index files are read, and how much of them is kept. */
export interface IndexReadInit {
  /** How much is read at a time, in bytes. Default 64 KiB */
  readonly pageLength?: number
  /** Indexes up to this length are read whole, in two reads at most, and also tell where sections end. Default 1 MiB */
  readonly wholeLength?: number
  /** The memory that may be used to keep what was read, in bytes. Default 16 MiB */
  readonly cacheLength?: number
  /** The most reads at a time for one lookup. Default 6 */
  readonly concurrency?: number
  /** The most locations returned for a block. Default 10 */
  readonly maxLocations?: number
  /**
   * Whether each lookup must read for itself, since a promise of one request may
   * not be awaited by another. Default: in workerd
   */
  readonly isolated?: boolean
  /** How long a malformed index fails without being read again, in ms. Default 60,000 */
  readonly malformedTtl?: number
  /** The time in ms, for tests. Default: `performance.now` */
  now?(): number
}

/** What was learnt about a file when it was opened. It takes `length` bytes of memory. */
interface Opened {
  readonly length: number
}

/**
 * What an index keeps of the files that it reads: pages, and what opening a file
 * told. It holds bytes and plain data, never promises, so that what one request
 * has read can be used by another one in workerd.
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

  /** @throws {InvalidOptionError} if a number is not a whole one above 0 */
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

  /** The reads under way that a lookup may join: those of all lookups, or only its own. */
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
   * What opening a file tells: as it is remembered, or by `read`. That a file is
   * malformed is remembered for a while, so that not each lookup reads it again.
   * A key is only ever used for one kind of thing.
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

  /** Forgets what opening a file told, since the file has changed. Its pages are those of a version and are not found again. */
  forget (key: string): void {
    this.#opened.delete(key)
  }
}

/** What one lookup reads with. */
export interface Lookup {
  /** Reads that it may share. */
  readonly reads: SharedReads
  readonly signal?: AbortSignal
}

function whole (name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidOptionError(`${name} is a whole number above 0, not ${value}`)
  }

  return value
}
