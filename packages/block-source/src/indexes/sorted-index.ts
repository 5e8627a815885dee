import { IndexCache } from './index-cache.ts'
import { locateEach } from './locate-each.ts'
import { SeparateIndexes } from './separate-indexes.ts'
import type { IndexReadInit } from './index-cache.ts'
import type { SeparateIndexInit } from './separate-indexes.ts'
import type { BlockIndex } from '../block-index.ts'
import type { ObjectStore } from '../object-store.ts'

/** How the index beside a CAR is read. */
export interface SortedIndexInit extends IndexReadInit, SeparateIndexInit {
  /** The name of the CAR. Default: that of the index without `.idx` at its end */
  readonly car?: string
  /**
   * Whether the index is known to have all blocks of its CAR, so that a miss is
   * certain. `true` also reads the whole index once, to make sure that its rows
   * are in order. Default false
   */
  readonly complete?: boolean
}

/**
 * The index of one CAR that is an object beside it: a bare index 0x0400 or
 * 0x0401, such as those of SATNAV (`<car>.car.idx`) or of go-car's
 * `car detach-index`. A lookup reads the first page once, and of a long index,
 * the page that the block is on.
 *
 * An index that contradicts itself is an error at each lookup, and never absence.
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
