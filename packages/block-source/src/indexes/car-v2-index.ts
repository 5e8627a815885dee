import { CARV2_HEAD_LENGTH, parseLayout } from '../car/layout.ts'
import { DEFAULTS } from '../defaults.ts'
import { MalformedIndexError, ObjectChangedError } from '../errors.ts'
import { readExactly } from '../read-exactly.ts'
import { IndexCache } from './index-cache.ts'
import { locateEach } from './locate-each.ts'
import { findOffsets, openIndex } from './opened-index.ts'
import { PagedFile } from './paged-file.ts'
import type { IndexReadInit, Lookup } from './index-cache.ts'
import type { OpenedIndex } from './opened-index.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'
import type { CarLayout } from '../car/layout.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options for reading the index inside a CARv2. */
export interface CarV2IndexInit extends IndexReadInit {
  /**
   * Whether the index is known to contain all blocks of its CAR, so that a miss is
   * certain. The index itself cannot prove this: writers leave out identity CIDs, and
   * always set the bit for completeness. `true` also reads the whole index once, to check
   * that its rows are in order. Default false
   */
  readonly complete?: boolean
  /** The longest section that is expected, in bytes. Default 4 MiB */
  readonly maxSectionLength?: number
}

interface OpenedCar {
  readonly index: OpenedIndex
  readonly layout: CarLayout
  readonly length: number
}

/**
 * Reads the index at the end of a CARv2, in either of its two formats (0x0400, 0x0401).
 * Lookups read the head of the CAR (51 bytes) and the first page of the index once, and
 * for a long index the page with the block's row.
 *
 * If a CAR has no index, or a malformed one, each lookup fails; `scanIndex` can read such
 * a CAR.
 */
export function carV2Index (store: ObjectStore, object: string, init: CarV2IndexInit = {}): BlockIndex {
  return new CarV2Index(store, object, init)
}

class CarV2Index implements BlockIndex {
  readonly complete: boolean
  readonly #cache: IndexCache
  readonly #object: string
  readonly #maxSectionLength: number

  constructor (store: ObjectStore, object: string, init: CarV2IndexInit) {
    this.complete = init.complete ?? false
    this.#cache = new IndexCache(store, init)
    this.#object = object
    this.#maxSectionLength = init.maxSectionLength ?? DEFAULTS.maxSectionLength
  }

  async locate (multihashes: readonly Uint8Array[], options: SourceOptions = {}): Promise<readonly Located[]> {
    return locateEach(multihashes, this.#cache, options, async (multihash, lookup) => this.#locate(multihash, lookup))
  }

  async #locate (multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const { index, layout } = await this.#opened(lookup)

    try {
      const found = await findOffsets(index, multihash, this.#cache.maxLocations, lookup)

      return found.map(({ offset, next }) => this.#location(layout, index, layout.start + offset, next == null ? layout.end : layout.start + next))
    } catch (err) {
      if (err instanceof ObjectChangedError) {
        this.#cache.forget(this.#object)
      }

      throw err
    }
  }

  #location ({ end }: CarLayout, { file }: OpenedIndex, offset: number, next: number): Location {
    if (offset >= end) {
      throw file.malformed(`a row with the offset ${offset}, where the payload ends at ${end}`, file.start)
    }

    const limit = Math.min(end, next) - offset

    return {
      object: this.#object,
      offset,
      // a section's length does not include itself
      limit: Math.min(limit, this.#maxSectionLength + 8),
      at: 'section',
      ...(file.etag == null ? {} : { etag: file.etag })
    }
  }

  async #opened (lookup: Lookup): Promise<OpenedCar> {
    return this.#cache.open(this.#object, lookup, async () => this.#open(lookup))
  }

  async #open (lookup: Lookup): Promise<OpenedCar> {
    const head = await readExactly(this.#cache.store, this.#object, { length: CARV2_HEAD_LENGTH, signal: lookup.signal })
    const layout = parseLayout(head.bytes, { object: this.#object, size: head.size })
    const offset = this.#indexOffset(layout, head.size)
    const file = new PagedFile(this.#cache, this.#object, offset, head)
    const index = await openIndex(this.#cache, file, { offset, check: this.complete }, lookup)

    return { index, layout, length: index.length }
  }

  #indexOffset ({ version, indexOffset, start, end }: CarLayout, size: number): number {
    const at = { object: this.#object, offset: version === 1 ? 0 : 43 }

    if (indexOffset == null) {
      throw new MalformedIndexError(version === 1 ? 'a CARv1 has no index' : 'this CARv2 has no index', at)
    }

    if (indexOffset >= size) {
      throw new MalformedIndexError(`the header says that the index begins at ${indexOffset}, but the object has ${size} bytes`, at)
    }

    if (indexOffset < CARV2_HEAD_LENGTH || (indexOffset >= start && indexOffset < end)) {
      throw new MalformedIndexError(`the header says that the index begins at ${indexOffset}, which is inside the header or the blocks`, at)
    }

    return indexOffset
  }
}
