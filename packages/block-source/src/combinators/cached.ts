import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { getMany } from '../get-many.ts'
import { multihashKey } from '../verify.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

/** Options of {@link cached}. */
export interface CachedInit {
  /** How much memory the kept blocks may take, in bytes. Default 64 MiB */
  readonly maxBytes?: number
  /** The longest block that is kept, in bytes. Default 2 MiB */
  readonly maxBlock?: number
  /**
   * The cache awaits this before it asks the source for blocks, and calls the result when the source has answered. `missing` returns the
   * blocks that are not kept; the cache does not ask for those that are kept by then. Default: it does not wait
   */
  turn? (missing: () => readonly CID[], signal?: AbortSignal): Promise<() => void>
}

/** How much memory an entry takes in addition to its block, in bytes. */
const ENTRY = 250

/**
 * Keeps the most recently used blocks, both those read through it and those offered
 * to it. It only keeps bytes, so in a Worker one cache may serve all requests. It does
 * not keep misses. Do not modify bytes that you read from it.
 *
 * @throws {InvalidOptionError} if an option is not a whole number above 0
 */
export function cached (source: BlockSource, { maxBytes = DEFAULTS.cacheBytes, maxBlock = DEFAULTS.cachedBlock, turn }: CachedInit = {}): BlockSource {
  for (const [name, value] of Object.entries({ maxBytes, maxBlock })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidOptionError(`cached: ${name} must be a whole number of bytes above 0, not ${value}`)
    }
  }

  const blocks = createKeptBlocks(maxBytes, maxBlock)

  async function * readMissing (cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
    for await (const result of getMany(source, cids, options)) {
      if (result.bytes != null) {
        blocks.keep(result.cid, result.bytes)
      }

      yield result
    }
  }

  return {
    complete: source.complete,

    async get (cid, options = {}) {
      options.signal?.throwIfAborted()
      const kept = blocks.get(cid)

      if (kept != null) {
        return kept
      }

      const end = await turn?.(() => [cid].filter(blocks.isMissing), options.signal)

      try {
        const bytes = (end == null ? undefined : blocks.get(cid)) ?? await source.get(cid, options)

        if (bytes != null) {
          blocks.keep(cid, bytes)
        }

        return bytes
      } finally {
        end?.()
      }
    },

    async * getMany (cids, options = {}) {
      options.signal?.throwIfAborted()
      const missing: CID[] = []
      yield * blocks.take(cids, missing, options)

      if (missing.length === 0) {
        return
      }

      const end = await turn?.(() => missing.filter(blocks.isMissing), options.signal)

      try {
        let stillMissing = missing

        if (end != null) {
          stillMissing = []
          yield * blocks.take(missing, stillMissing, options)
        }

        yield * readMissing(stillMissing, options)
      } finally {
        end?.()
      }
    },

    ...(source.stat == null
      ? {}
      : {
          async stat (cid: CID, options: SourceOptions = {}) {
            options.signal?.throwIfAborted()
            const bytes = blocks.get(cid)

            return bytes == null ? source.stat?.(cid, options) : { size: bytes.byteLength }
          }
        }),

    offer (block) {
      blocks.keep(block.cid, block.bytes)
      source.offer?.(block)
    }
  }
}

interface KeptBlocks {
  get (cid: CID): Uint8Array | undefined
  isMissing (this: void, cid: CID): boolean
  keep (cid: CID, bytes: Uint8Array): void
  /** Yields the blocks that are kept, and adds the CIDs of the others to `missing`. */
  take (cids: Iterable<CID>, missing: CID[], options: SourceOptions): Iterable<GetManyResult>
}

function createKeptBlocks (maxBytes: number, maxBlock: number): KeptBlocks {
  const blocks = new LRUCache<string, Uint8Array>({ maxSize: maxBytes, sizeCalculation: bytes => bytes.byteLength + ENTRY })

  return {
    get: cid => blocks.get(multihashKey(cid)),
    isMissing: cid => !blocks.has(multihashKey(cid)),

    keep (cid, bytes) {
      if (bytes.byteLength <= maxBlock) {
        const alone = bytes.buffer.byteLength > bytes.byteLength * 1.25 + ENTRY ? bytes.slice() : bytes
        blocks.set(multihashKey(cid), alone)
      }
    },

    * take (cids, missing, { wanted }) {
      for (const cid of cids) {
        const bytes = blocks.get(multihashKey(cid))

        if (bytes == null) {
          missing.push(cid)
        } else if (wanted?.(cid) !== false) {
          yield { cid, bytes }
        }
      }
    }
  }
}
