import { IndexCache } from './index-cache.ts'
import { locateEach } from './locate-each.ts'
import { SeparateIndexes } from './separate-indexes.ts'
import type { IndexReadInit } from './index-cache.ts'
import type { SeparateIndexInit } from './separate-indexes.ts'
import type { BlockIndex } from '../block-index.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options for reading an index beside a CAR. */
export interface SortedIndexInit extends IndexReadInit, SeparateIndexInit {
  /** The name of the CAR. Default: the index's name without `.idx` at its end */
  readonly car?: string
  /**
   * Whether the index is known to contain all blocks of its CAR, so that a miss is
   * certain. `true` also reads the whole index once, to check that its rows are in order.
   * Default false
   */
  readonly complete?: boolean
}

/**
 * Reads the index of one CAR that is a separate object: a bare index 0x0400 or 0x0401,
 * such as those of SATNAV (`<car>.car.idx`) or of go-car's `car detach-index`. Lookups
 * read the first page once, and for a long index the page with the block's row.
 *
 * A malformed index makes each lookup fail, and never looks like absence.
 */
export function sortedIndex (store: ObjectStore, object: string, init: SortedIndexInit = {}): BlockIndex {
  const car = init.car ?? object.replace(/\.idx$/, '')
  const complete = init.complete ?? false
  const cache = new IndexCache(store, init)
  const indexes = new SeparateIndexes(cache, { ...init, check: complete })

  return {
    complete,
    locate: async (multihashes, options = {}) => locateEach(multihashes, cache, options, async (multihash, lookup) => {
      return indexes.locate(object, car, multihash, lookup)
    })
  }
}
