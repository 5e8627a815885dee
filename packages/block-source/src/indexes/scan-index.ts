import { CarScanner } from '../car/scanner.ts'
import { DEFAULTS } from '../defaults.ts'
import { ObjectTooLargeError } from '../errors.ts'
import { RowTable } from './row-table.ts'
import { DEFAULT_ISOLATED, SharedReads } from './shared-reads.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'
import type { ScanInit } from '../car/scanner.ts'
import type { ObjectStore } from '../object-store.ts'

/** How a CAR without an index is indexed. */
export interface ScanIndexInit extends ScanInit {
  /** The most memory that the index may take, in bytes; about 60 a block. Default 128 MiB */
  readonly maxMemory?: number
  /** The most locations of a block that is in the CAR more than once. Default 10 */
  readonly maxLocations?: number
  /**
   * Whether each lookup must read for itself, since a promise of one request may
   * not be awaited by another. Default: in workerd
   */
  readonly isolated?: boolean
}

/**
 * The index of a CAR that has none: the CAR is read once, from its beginning to
 * its end, when the first block is looked up, and kept in memory from then on.
 *
 * A lookup reads on until all that it asks for has been found, so early blocks
 * are found early. A failed or aborted read is resumed where it was by the next
 * lookup. Blocks before a fault in the CAR are found; looking up anything else
 * is an error, as it may be behind the fault. Nothing is hashed.
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
    const missing = new Set(multihashes.filter(multihash => this.#rows.get(multihash).length === 0))
    const error = missing.size === 0 ? undefined : await this.#search(missing, signal)

    if (error != null && missing.size === multihashes.length) {
      throw error
    }

    return multihashes.map(multihash => error != null && missing.has(multihash) ? error : this.#locations(multihash))
  }

  /** Scans until all is found or the CAR ends. Returns what prevented that, and leaves what is missing. */
  async #search (missing: Set<Uint8Array>, signal?: AbortSignal): Promise<Error | undefined> {
    while (missing.size > 0 && !this.#scanner.done) {
      try {
        await this.#step(signal)
      } catch (err) {
        signal?.throwIfAborted()

        return err instanceof Error ? err : new Error(String(err))
      }

      for (const multihash of missing) {
        if (this.#rows.get(multihash).length > 0) {
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
      throw new ObjectTooLargeError(`${this.#scanner.object}: the index of the first ${this.#rows.size} blocks takes more than ${this.#maxMemory} bytes of memory. Make an index file, or raise maxMemory`)
    }

    for (const { multihash, blockOffset, blockLength } of await this.#scanner.step(signal)) {
      this.#rows.add(multihash, blockOffset, blockLength)
    }
  }

  #locations (multihash: Uint8Array): Location[] {
    const { object, etag } = this.#scanner

    return this.#rows.get(multihash).map(({ offset, length }) => ({ object, offset, length, at: 'block', ...(etag == null ? {} : { etag }) }))
  }
}
