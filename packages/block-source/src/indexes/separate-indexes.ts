import { CARV2_HEAD_LENGTH, parseLayout } from '../car/layout.ts'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError, ObjectChangedError } from '../errors.ts'
import { readExactly } from '../read-exactly.ts'
import { findOffsets, openIndex } from './opened-index.ts'
import { PagedFile } from './paged-file.ts'
import type { IndexCache, Lookup } from './index-cache.ts'
import type { FoundOffset, OpenedIndex } from './opened-index.ts'
import type { Location } from '../block-index.ts'
import type { CarLayout } from '../car/layout.ts'
import type { ObjectStore } from '../object-store.ts'

/**
 * Where the offsets in a separate index count from: from the start of the `object`, as in
 * SATNAV; from the start of the CARv1 inside, the `payload`, as in go-car; or `either`. The
 * two differ for a CARv2; `either` then returns both locations, and the hash of the block
 * decides. For that it reads the first 51 bytes of each CAR once.
 */
export type OffsetDialect = 'object' | 'payload' | 'either'

/** Options for CARs whose indexes are separate objects. */
export interface SeparateIndexInit {
  /** Where offsets count from. Default `either` */
  readonly offsets?: OffsetDialect
  /** The store of the CARs. Default: that of their indexes. */
  readonly carStore?: ObjectStore
  /** The longest section that is expected, in bytes. Default 4 MiB */
  readonly maxSectionLength?: number
}

/** The beginning of a CAR. */
interface CarHead {
  readonly layout: CarLayout
  readonly etag?: string
  readonly length: number
}

/** Finds blocks by indexes that are separate objects: bare 0x0400 and 0x0401, as in SATNAV. */
export class SeparateIndexes {
  readonly #cache: IndexCache
  readonly #carStore: ObjectStore
  readonly #dialect: OffsetDialect
  readonly #maxSectionLength: number
  readonly #check: boolean

  /** @throws {InvalidOptionError} if `offsets` is not one of the three */
  constructor (cache: IndexCache, init: SeparateIndexInit & { readonly check: boolean }) {
    this.#cache = cache
    this.#carStore = init.carStore ?? cache.store
    this.#dialect = init.offsets ?? 'either'
    this.#maxSectionLength = init.maxSectionLength ?? DEFAULTS.maxSectionLength
    this.#check = init.check

    if (!['object', 'payload', 'either'].includes(this.#dialect)) {
      throw new InvalidOptionError(`offsets must be object, payload or either, not ${String(this.#dialect)}`)
    }
  }

  /** Looks up a block in the index of one CAR. */
  async locate (index: string, car: string, multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const opened = await this.#opened(index, lookup)

    try {
      return await this.locateIn(opened, car, multihash, lookup)
    } catch (err) {
      if (err instanceof ObjectChangedError) {
        this.#cache.forget(index)
      }

      throw err
    }
  }

  /** Looks up a block in an open index. */
  async locateIn (opened: OpenedIndex, car: string, multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const found = await findOffsets(opened, multihash, this.#cache.maxLocations, lookup)

    if (found.length === 0) {
      return []
    }

    const head = this.#dialect === 'object' ? undefined : await this.#head(car, lookup)

    return this.#bases(head).flatMap(base => found.map(one => this.#location(car, base, one, head)))
  }

  /** The numbers to add to an offset: one, or two of which one is right. */
  #bases (head?: CarHead): number[] {
    const start = head?.layout.start ?? 0

    return this.#dialect === 'either' && start > 0 ? [start, 0] : [start]
  }

  #location (object: string, base: number, { offset, next }: FoundOffset, head?: CarHead): Location {
    const start = base + offset
    const end = Math.min(head?.layout.end ?? Infinity, next == null ? Infinity : base + next)
    // a section's length does not include itself
    const limit = Math.min(end - start, this.#maxSectionLength + 8)

    return {
      object,
      offset: start,
      // no limit beyond the end: the read then reports that the offset is beyond the end
      ...(limit > 0 ? { limit } : {}),
      at: 'section',
      ...(head?.etag == null ? {} : { etag: head.etag })
    }
  }

  async #opened (object: string, lookup: Lookup): Promise<OpenedIndex> {
    return this.#cache.open(object, lookup, async () => {
      const file = await PagedFile.open(this.#cache, object, lookup)

      return openIndex(this.#cache, file, { offset: 0, check: this.#check }, lookup)
    })
  }

  async #head (car: string, lookup: Lookup): Promise<CarHead> {
    return this.#cache.open(`head\0${car}`, lookup, async () => {
      const { bytes, size, etag } = await readExactly(this.#carStore, car, { length: CARV2_HEAD_LENGTH, signal: lookup.signal })
      const layout = parseLayout(bytes, { object: car, size })

      return { layout, etag, length: 200 }
    })
  }
}
