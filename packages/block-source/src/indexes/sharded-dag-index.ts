import { CID } from 'multiformats/cid'
import { DEFAULTS } from '../defaults.ts'
import { MalformedIndexError, ObjectTooLargeError } from '../errors.ts'
import { parseBlock, readArchive } from './archive.ts'
import { carparkNames } from './car-names.ts'
import { IndexCache } from './index-cache.ts'
import { locateEach } from './locate-each.ts'
import { parseMultihash } from './multihash.ts'
import { RowTable } from './row-table.ts'
import type { CarNames } from './car-names.ts'
import type { IndexReadInit, Lookup } from './index-cache.ts'
import type { BlockIndex, Location } from '../block-index.ts'
import type { CborReader } from '../car/cbor.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options of {@link shardedDagIndex}. */
export interface ShardedDagIndexInit extends Pick<IndexReadInit, 'cacheLength' | 'concurrency' | 'maxLocations' | 'isolated' | 'malformedTtl' | 'now'> {
  /** The possible names of the shards, which are CARs; the first that exists is used. Default: {@link carparkNames} */
  readonly carNames?: CarNames
  /** Whether the index lists every block, so that a miss is certain. Default false */
  readonly complete?: boolean
  /** The longest index that is read, in bytes. Default 32 MiB */
  readonly maxLength?: number
}

/** The only version of the format that exists. */
const VERSION = 'index/sharded/dag@0.1'

/** The content of an index. */
interface OpenedShards {
  /** The rows of each multihash, as positions in the arrays below. */
  readonly rows: RowTable
  readonly shards: Uint32Array
  readonly offsets: Float64Array
  /** The names that each shard may have. */
  readonly names: ReadonlyArray<readonly string[]>
  /** The memory that all this takes, in bytes. */
  readonly length: number
}

/**
 * Reads a sharded DAG index of Storacha (`@storacha/blob-index`): a CAR whose root links to one
 * block for each shard, which lists the blocks in that shard:
 *
 * ```
 * root   {"index/sharded/dag@0.1": {"content": CID, "shards": [CID, …]}}
 * shard  [multihash of the shard, [[multihash of a block, [offset, length]], …]]
 * ```
 *
 * Offsets are those of blocks. The rows are not sorted, so the index is read whole, once, and each of its blocks is hashed.
 */
export function shardedDagIndex (store: ObjectStore, object: string, init: ShardedDagIndexInit = {}): BlockIndex {
  const { carNames = carparkNames, complete = false, maxLength = DEFAULTS.shardedIndex } = init
  const cache = new IndexCache(store, { ...init, cacheLength: init.cacheLength ?? 4 * maxLength })

  return {
    complete,
    locate: async (multihashes, options = {}) => locateEach(multihashes, cache, options, async (multihash, lookup) => {
      const { rows, shards, offsets, names } = await cache.open(object, lookup, async () => openShards(store, object, { carNames, maxLength, maxLocations: cache.maxLocations }, lookup))

      return rows.get(multihash, (row, length) => names[shards[row]].map((object): Location => ({ object, offset: offsets[row], length, at: 'block' }))).flat().slice(0, cache.maxLocations)
    })
  }
}

interface OpenShardsInit {
  readonly carNames: CarNames
  readonly maxLength: number
  readonly maxLocations: number
}

async function openShards (store: ObjectStore, object: string, init: OpenShardsInit, { signal }: Lookup): Promise<OpenedShards> {
  const info = await store.stat(object, { signal })

  if (info != null && info.size > init.maxLength) {
    throw new ObjectTooLargeError(`${object} has ${info.size} bytes, where ${init.maxLength} are allowed: raise maxLength`)
  }

  const { root, blocks } = await readArchive(store, object, { maxLength: init.maxLength, signal })
  const rows = new RowTable(init.maxLocations)
  const places: Array<{ readonly shard: number, readonly offset: number }> = []
  const names: Array<readonly string[]> = []

  for (const link of parseBlock(root, object, parseRoot)) {
    const block = blocks.get(link)

    if (block == null) {
      throw new MalformedIndexError('the index lacks the block of a shard', { object, offset: root.blockOffset })
    }

    parseBlock(block, object, cbor => {
      const shard = names.push(init.carNames(readMultihash(cbor))) - 1
      parseSlices(cbor, (multihash, offset, length) => {
        rows.add(multihash, places.length, length)
        places.push({ shard, offset })
      })
    })
  }

  return {
    rows,
    names,
    shards: Uint32Array.from(places, ({ shard }) => shard),
    offsets: Float64Array.from(places, ({ offset }) => offset),
    length: 500 + rows.bytes + 12 * places.length + 500 * names.length
  }
}

/** The CIDs of the shards. */
function parseRoot (cbor: CborReader): string[] {
  let links: string[] | undefined

  if (cbor.map() !== 1 || cbor.text() !== VERSION) {
    throw cbor.invalid(`expected ${VERSION}`)
  }

  for (let left = cbor.map(); left > 0; left--) {
    const key = cbor.text()

    if (key === 'shards') {
      links = Array.from({ length: cbor.array() }, () => CID.decode(cbor.link()).toString())
    } else if (key === 'content') {
      cbor.link()
    } else {
      throw cbor.invalid('a field other than content and shards')
    }
  }

  if (links == null) {
    throw cbor.invalid('the shards are missing')
  }

  return links
}

/** What follows the multihash of a shard. */
function parseSlices (cbor: CborReader, add: (multihash: Uint8Array, offset: number, length: number) => void): void {
  for (let left = cbor.array(); left > 0; left--) {
    expectLength(cbor, 2)
    const multihash = cbor.bytes()
    expectLength(cbor, 2)
    const offset = cbor.uint()
    const length = cbor.uint()

    if (!Number.isSafeInteger(offset + length) || length >= 2 ** 32) {
      throw cbor.invalid('a block beyond 2^53, or longer than 2^32')
    }

    add(multihash, offset, length)
  }
}

function readMultihash (cbor: CborReader): Uint8Array {
  expectLength(cbor, 2)
  const multihash = cbor.bytes()

  if (parseMultihash(multihash) == null) {
    throw cbor.invalid('the multihash of a shard is malformed')
  }

  return multihash
}

function expectLength (cbor: CborReader, length: number): void {
  if (cbor.array() !== length) {
    throw cbor.invalid(`expected an array of length ${length}`)
  }
}
