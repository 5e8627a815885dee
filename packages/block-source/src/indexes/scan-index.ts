import { CarScanner } from '../car/scanner.ts'
import { DEFAULTS } from '../defaults.ts'
import { ObjectTooLargeError } from '../errors.ts'
import { RowTable } from './row-table.ts'
import { DEFAULT_ISOLATED, SharedReads } from './shared-reads.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'
import type { ScanInit } from '../car/scanner.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options for indexing a CAR without an index. */
export interface ScanIndexInit extends ScanInit {
  /** How much memory the index may take, in bytes; about 60 a block. Default 128 MiB */
  readonly maxMemory?: number
  /** The most locations of a block that is in the CAR more than once. Default 10 */
  readonly maxLocations?: number
  /**
   * Whether lookups must not share reads, because one request may not await another
   * request's promise. Default: true in workerd
   */
  readonly isolated?: boolean
}

/**
 * Indexes a CAR that has no index: it reads the CAR once from beginning to end when the
 * first block is looked up, and keeps the index in memory.
 *
 * A lookup reads until it has found all of its blocks, so early blocks are found early.
 * The next lookup resumes a failed or aborted read. Blocks before a fault in the CAR are
 * found; looking up any other block is an error, since the block may be after the fault.
 * Nothing is hashed.
 *
 * The CAR may be a CARv2 in any state: its own index is not used.
 */
export function scanIndex (store: ObjectStore, object: string, init: ScanIndexInit = {}): BlockIndex {
  return new ScanIndex(store, object, init)
}

class ScanIndex implements BlockIndex {
  readonly complete = true
  readonly #scanner: CarScanner
  readonly #rows: RowTable
  readonly #reads?: SharedReads
  readonly #maxMemory: number

  constructor (store: ObjectStore, object: string, init: ScanIndexInit) {
    this.#scanner = new CarScanner(store, object, init)
    this.#rows = new RowTable(init.maxLocations ?? DEFAULTS.maxLocations)
    this.#reads = init.isolated ?? DEFAULT_ISOLATED ? undefined : new SharedReads()
    this.#maxMemory = init.maxMemory ?? DEFAULTS.scanMemory
  }

  async locate (multihashes: readonly Uint8Array[], { signal }: SourceOptions = {}): Promise<readonly Located[]> {
    signal?.throwIfAborted()
    const known = multihashes.map(multihash => this.#locations(multihash))
    const missing = new Set(multihashes.filter((_, i) => known[i].length === 0))

    if (missing.size === 0) {
      return known
    }

    const error = await this.#search(missing, signal)

    if (error != null && missing.size === multihashes.length) {
      throw error
    }

    return multihashes.map((multihash, i) => {
      if (known[i].length > 0) {
        return known[i]
      }

      return error != null && missing.has(multihash) ? error : this.#locations(multihash)
    })
  }

  /** Scans until all multihashes are found or the CAR ends. Returns the error that stopped the scan; those not found stay in the set. */
  async #search (missing: Set<Uint8Array>, signal?: AbortSignal): Promise<Error | undefined> {
    while (missing.size > 0 && !this.#scanner.done) {
      try {
        await this.#step(signal)
      } catch (err) {
        signal?.throwIfAborted()

        return err instanceof Error ? err : new Error(String(err))
      }

      for (const multihash of missing) {
        if (this.#rows.has(multihash)) {
          missing.delete(multihash)
        }
      }
    }
  }

  async #step (signal?: AbortSignal): Promise<void> {
    return this.#reads == null ? this.#scan(signal) : this.#reads.run('', async () => this.#scan(signal), signal)
  }

  async #scan (signal?: AbortSignal): Promise<void> {
    if (this.#rows.bytes > this.#maxMemory) {
      throw new ObjectTooLargeError(`${this.#scanner.object}: the index of the first ${this.#rows.size} blocks takes more than ${this.#maxMemory} bytes of memory. Create an index file, or raise maxMemory`)
    }

    for (const { multihash, blockOffset, blockLength } of await this.#scanner.step(signal)) {
      this.#rows.add(multihash, blockOffset, blockLength)
    }
  }

  #locations (multihash: Uint8Array): Location[] {
    const { object, etag } = this.#scanner

    return this.#rows.get(multihash, (offset, length) => etag == null ? { object, offset, length, at: 'block' } : { object, offset, length, at: 'block', etag })
  }
}
