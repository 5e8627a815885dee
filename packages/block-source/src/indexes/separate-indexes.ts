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
 * From where the offsets in an index that lies beside its CAR count: from the
 * start of the `object`, as SATNAV does; from the start of the CARv1 in it, the
 * `payload`, as go-car does; or `either`: if the CAR is a CARv2, for which these
 * differ, both places are returned, and the hash of the block decides. For that,
 * the first 51 bytes of each CAR are read once.
 */
export type OffsetDialect = 'object' | 'payload' | 'either'

/** What is known about CARs whose indexes are objects of their own. */
export interface SeparateIndexInit {
  /** From where offsets count. Default `either` */
  readonly offsets?: OffsetDialect
  /** Where the CARs are, if not in the same store as their indexes. */
  readonly carStore?: ObjectStore
  /** Longer sections than that are never expected. Default 4 MiB */
  readonly maxSectionLength?: number
}

/** The beginning of a CAR. */
interface CarHead {
  readonly layout: CarLayout
  readonly etag?: string
  readonly length: number
}

/** Finds blocks by indexes that are objects of their own: bare 0x0400 and 0x0401, as SATNAV has them. */
export class SeparateIndexes {
  readonly #cache: IndexCache
  readonly #carStore: ObjectStore
  readonly #dialect: OffsetDialect
  readonly #maxSectionLength: number
  readonly #check: boolean

  /** @throws {InvalidOptionError} if `offsets` is none of the three */
  constructor (cache: IndexCache, init: SeparateIndexInit & { readonly check: boolean }) {
    this.#cache = cache
    this.#carStore = init.carStore ?? cache.store
    this.#dialect = init.offsets ?? 'either'
    this.#maxSectionLength = init.maxSectionLength ?? DEFAULTS.maxSectionLength
    this.#check = init.check

    if (!['object', 'payload', 'either'].includes(this.#dialect)) {
      throw new InvalidOptionError(`offsets is object, payload or either, not ${String(this.#dialect)}`)
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

  /** Looks up a block in an index that is open already. */
  async locateIn (opened: OpenedIndex, car: string, multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const found = await findOffsets(opened, multihash, this.#cache.maxLocations, lookup)

    if (found.length === 0) {
      return []
    }

    const head = this.#dialect === 'object' ? undefined : await this.#head(car, lookup)

    return this.#bases(head).flatMap(base => found.map(one => this.#location(car, base, one, head)))
  }

  /** What to add to an offset: one number, or two of which one is right. */
  #bases (head?: CarHead): number[] {
    const start = head?.layout.start ?? 0

    return this.#dialect === 'either' && start > 0 ? [start, 0] : [start]
  }

  #location (object: string, base: number, { offset, next }: FoundOffset, head?: CarHead): Location {
    const start = base + offset
    const end = Math.min(head?.layout.end ?? Infinity, next == null ? Infinity : base + next)
    // the length of a section does not count itself
    const limit = Math.min(end - start, this.#maxSectionLength + 8)

    return {
      object,
      offset: start,
      // no limit where there is nothing: the read then says that it is behind the end
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
