import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { getMany } from '../get-many.ts'
import { multihashKey } from '../verify.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

export interface CachedInit {
  /** What the blocks that are kept may take, in bytes. Default 64 MiB */
  readonly maxBytes?: number
  /** A longer block is not kept, in bytes. Default 2 MiB */
  readonly maxBlock?: number
}

/** What an entry takes besides its block, in bytes. */
const ENTRY = 250

/**
 * Keeps the blocks that were used last, of those read through it and those
 * offered to it. What is kept are bytes, so in a Worker one cache may serve all
 * requests. Misses are not kept. Do not modify bytes that were read.
 *
 * @throws {InvalidOptionError} if an option is no whole number above 0
 */
export function cached (source: BlockSource, { maxBytes = DEFAULTS.cacheBytes, maxBlock = DEFAULTS.cachedBlock }: CachedInit = {}): BlockSource {
  for (const [name, value] of Object.entries({ maxBytes, maxBlock })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidOptionError(`cached: ${name} is a whole number of bytes above 0, not ${value}`)
    }
  }
  const blocks = new LRUCache<string, Uint8Array>({ maxSize: maxBytes, sizeCalculation: bytes => bytes.byteLength + ENTRY })

  function keep (cid: CID, bytes: Uint8Array): void {
    if (bytes.byteLength <= maxBlock) {
      const alone = bytes.buffer.byteLength > bytes.byteLength * 1.25 + ENTRY ? bytes.slice() : bytes
      blocks.set(multihashKey(cid), alone)
    }
  }

  async function * readMany (cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
    options.signal?.throwIfAborted()
    const missing: CID[] = []
    for (const cid of cids) {
      const bytes = blocks.get(multihashKey(cid))
      if (bytes == null) {
        missing.push(cid)
      } else if (options.wanted?.(cid) !== false) {
        yield { cid, bytes }
      }
    }
    for await (const result of missing.length === 0 ? [] : getMany(source, missing, options)) {
      if (result.bytes != null) {
        keep(result.cid, result.bytes)
      }
      yield result
    }
  }

  return {
    complete: source.complete,

    async get (cid, options = {}) {
      options.signal?.throwIfAborted()
      const kept = blocks.get(multihashKey(cid))
      if (kept != null) {
        return kept
      }
      const bytes = await source.get(cid, options)
      if (bytes != null) {
        keep(cid, bytes)
      }
      return bytes
    },

    getMany: (cids, options = {}) => readMany(cids, options),

    ...(source.stat == null
      ? {}
      : {
          async stat (cid: CID, options: SourceOptions = {}) {
            options.signal?.throwIfAborted()
            const bytes = blocks.get(multihashKey(cid))
            return bytes == null ? source.stat?.(cid, options) : { size: bytes.byteLength }
          }
        }),

    offer (block) {
      keep(block.cid, block.bytes)
      source.offer?.(block)
    }
  }
}
