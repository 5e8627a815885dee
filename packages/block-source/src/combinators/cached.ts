import { LRUCache } from 'lru-cache'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { getMany } from '../get-many.ts'
import { multihashKey } from '../verify.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

export interface CachedInit {
  /** How much memory the kept blocks may take, in bytes. Default 64 MiB */
  readonly maxBytes?: number
  /** The longest block that is kept, in bytes. Default 2 MiB */
  readonly maxBlock?: number
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
export function cached (source: BlockSource, { maxBytes = DEFAULTS.cacheBytes, maxBlock = DEFAULTS.cachedBlock }: CachedInit = {}): BlockSource {
  for (const [name, value] of Object.entries({ maxBytes, maxBlock })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new InvalidOptionError(`cached: ${name} must be a whole number of bytes above 0, not ${value}`)
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
