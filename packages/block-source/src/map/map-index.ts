import { DEFAULTS } from '../defaults.ts'
import { ObjectMissingError, ObjectTooLargeError } from '../errors.ts'
import { IndexCache } from '../indexes/index-cache.ts'
import { locateEach } from '../indexes/locate-each.ts'
import { PagedFile } from '../indexes/paged-file.ts'
import { findRows } from '../indexes/sorted-table.ts'
import { readExactly } from '../read-exactly.ts'
import { mayContain } from './filter.ts'
import { KEY_LENGTH, PAGE_LENGTH, ROW_LENGTH, ROWS_PER_PAGE, SHARD_HEAD, rootName, shardName } from './format.ts'
import { decodeRoot } from './root.ts'
import { mapKey, parseRow } from './rows.ts'
import type { MapRoot, MapShard } from './root.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'
import type { IndexReadInit, Lookup } from '../indexes/index-cache.ts'
import type { SortedTable } from '../indexes/sorted-table.ts'
import type { ObjectStore } from '../object-store.ts'

/** How a block map is read. */
export interface MapIndexInit extends Omit<IndexReadInit, 'pageLength' | 'wholeLength'> {
  /** The prefix of the names of the map's objects. Default `map/` */
  readonly prefix?: string
  /** Whether the map lists every block except identities, so that a miss is certain. Default false */
  readonly complete?: boolean
  /** How old the root in memory may be, in ms: until then, blocks of CARs that were added may not be found. Default 60,000 */
  readonly maxAge?: number
  /** The same before a miss, if the map is complete: a wrong miss is worse than a request. Default 1,000 */
  readonly maxMissAge?: number
  /** The most memory that the root may take, in bytes: about 2 a block, and the names of the CARs. Default 64 MiB */
  readonly maxRootLength?: number
}

interface LoadedRoot {
  readonly root: MapRoot
  readonly etag?: string
  readonly size: number
  /** When it was last known to be the newest, in ms. */
  checked: number
}

/** The most rows of one block that a lookup reads in a shard, those of removed CARs included. */
const MAX_ROWS = 100

/**
 * Looks up blocks, roots or not, in a block map. The first lookup reads the root of the map;
 * each reads a page (50 KiB) of each shard that may have the block. The locations in the CARs
 * that were added last come first.
 *
 * The format is described in `format.ts`.
 */
export function mapIndex (store: ObjectStore, init: MapIndexInit = {}): BlockIndex {
  return new MapIndex(store, init)
}

class MapIndex implements BlockIndex {
  readonly complete: boolean
  readonly #cache: IndexCache
  readonly #prefix: string
  readonly #maxAge: number
  readonly #maxMissAge: number
  readonly #maxRootLength: number
  readonly #now: () => number
  #loaded?: LoadedRoot

  constructor (store: ObjectStore, init: MapIndexInit) {
    this.complete = init.complete ?? false
    this.#cache = new IndexCache(store, { ...init, pageLength: PAGE_LENGTH })
    this.#prefix = init.prefix ?? DEFAULTS.mapPrefix
    this.#maxAge = init.maxAge ?? DEFAULTS.mapAge
    this.#maxMissAge = init.maxMissAge ?? DEFAULTS.mapMissAge
    this.#maxRootLength = init.maxRootLength ?? DEFAULTS.mapRoot
    this.#now = init.now ?? (() => performance.now())
  }

  async locate (multihashes: readonly Uint8Array[], options: SourceOptions = {}): Promise<readonly Located[]> {
    return locateEach(multihashes, this.#cache, options, async (multihash, lookup) => this.#locate(multihash, lookup))
  }

  async #locate (multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const key = await mapKey(multihash)

    if (key == null) {
      return []
    }

    const root = await this.#root(this.#maxAge, lookup)

    try {
      const found = await this.#search(root, key, lookup)

      if (found.length > 0 || !this.complete) {
        return found
      }
    } catch (err) {
      // another writer may have merged the shard into a new one
      if (!(err instanceof ObjectMissingError)) {
        throw err
      }

      const newer = await this.#root(-1, lookup)

      if (newer === root) {
        throw err
      }

      return this.#search(newer, key, lookup)
    }

    const newer = await this.#root(this.#maxMissAge, lookup)

    return newer === root ? [] : this.#search(newer, key, lookup)
  }

  async #search ({ cars, shards }: MapRoot, key: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const locations = new Map<string, Location>()

    for (let i = shards.length - 1; i >= 0 && locations.size < this.#cache.maxLocations; i--) {
      for (const value of mayContain(shards[i].filter, shards[i].seed, key) ? await this.#rows(shards[i], key, lookup) : []) {
        const { car, offset, length } = parseRow(value)
        const { name, removed } = cars[shards[i].cars[car]] ?? { removed: true }

        if (!removed && name != null) {
          locations.set(`${offset}\0${name}`, { object: name, offset, length, at: 'block' })
        }
      }
    }

    return [...locations.values()].slice(0, this.#cache.maxLocations)
  }

  async #rows (shard: MapShard, key: Uint8Array, lookup: Lookup): Promise<Uint8Array[]> {
    const table = tableOf(shard, key)
    const file = new PagedFile(this.#cache, shardName(this.#prefix, shard.id), SHARD_HEAD, { size: SHARD_HEAD + shard.rows * ROW_LENGTH })

    return table == null ? [] : findRows(file, table, key, MAX_ROWS, lookup)
  }

  /** The root, known to be the newest not longer ago than `maxAge`. */
  async #root (maxAge: number, lookup: Lookup): Promise<MapRoot> {
    const loaded = this.#loaded

    if (loaded != null && this.#now() - loaded.checked <= maxAge) {
      return loaded.root
    }

    const { root } = await lookup.reads.run('root', async () => this.#load(lookup.signal), lookup.signal)

    return root
  }

  async #load (signal?: AbortSignal): Promise<LoadedRoot> {
    const name = rootName(this.#prefix)
    const checked = this.#now()

    if (this.#loaded != null) {
      const info = await this.#cache.store.stat(name, { signal })

      if (info?.etag != null && info.etag === this.#loaded.etag) {
        this.#loaded.checked = checked

        return this.#loaded
      }
    }

    const { bytes, size, etag } = await readExactly(this.#cache.store, name, { length: this.#maxRootLength, signal })

    if (size > bytes.length) {
      throw new ObjectTooLargeError(`${name} has ${size} bytes, where ${this.#maxRootLength} are allowed: raise maxRootLength`)
    }

    this.#loaded = { root: await decodeRoot(bytes, name), etag, size, checked }

    return this.#loaded
  }
}

/** The rows of the pages on which a key may be, usually a single page; undefined if there is none. */
function tableOf ({ fences, rows }: MapShard, key: Uint8Array): SortedTable | undefined {
  const top = new DataView(key.buffer, key.byteOffset).getUint32(0)
  const last = firstAbove(fences, top) - 1
  const first = Math.max(0, firstAbove(fences, top - 1) - 1)

  if (last < 0) {
    return undefined
  }

  return {
    offset: SHARD_HEAD + first * PAGE_LENGTH,
    width: ROW_LENGTH,
    keyLength: KEY_LENGTH,
    rows: Math.min(rows, (last + 1) * ROWS_PER_PAGE) - first * ROWS_PER_PAGE
  }
}

/** The first page whose fence is above a number. */
function firstAbove (fences: Uint32Array, top: number): number {
  let low = 0
  let high = fences.length

  while (low < high) {
    const middle = (low + high) >>> 1

    if (fences[middle] <= top) {
      low = middle + 1
    } else {
      high = middle
    }
  }

  return low
}
