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
  /**
   * Is waited for before the source is asked for blocks, and its result is called when that is over. `missing` says which of them are not
   * kept; what is kept by then is not asked for. Default: nothing is waited for
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

  const blocks = new LRUCache<string, Uint8Array>({ maxSize: maxBytes, sizeCalculation: bytes => bytes.byteLength + ENTRY })

  function keep (cid: CID, bytes: Uint8Array): void {
    if (bytes.byteLength <= maxBlock) {
      const alone = bytes.buffer.byteLength > bytes.byteLength * 1.25 + ENTRY ? bytes.slice() : bytes
      blocks.set(multihashKey(cid), alone)
    }
  }

  const isMissing = (cid: CID): boolean => !blocks.has(multihashKey(cid))

  /** Yields those that are kept, and collects the others. */
  function * kept (cids: Iterable<CID>, missing: CID[], { wanted }: SourceOptions): Generator<GetManyResult> {
    for (const cid of cids) {
      const bytes = blocks.get(multihashKey(cid))

      if (bytes == null) {
        missing.push(cid)
      } else if (wanted?.(cid) !== false) {
        yield { cid, bytes }
      }
    }
  }

  async function * readMissing (cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
    for await (const result of getMany(source, cids, options)) {
      if (result.bytes != null) {
        keep(result.cid, result.bytes)
      }

      yield result
    }
  }

  async function * readMany (cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
    options.signal?.throwIfAborted()
    const missing: CID[] = []
    yield * kept(cids, missing, options)

    if (missing.length === 0) {
      return
    }

    if (turn == null) {
      yield * readMissing(missing, options)

      return
    }

    const end = await turn(() => missing.filter(isMissing), options.signal)

    try {
      const still: CID[] = []
      yield * kept(missing, still, options)
      yield * readMissing(still, options)
    } finally {
      end()
    }
  }

  async function read (cid: CID, options: SourceOptions): Promise<Uint8Array | undefined> {
    const bytes = await source.get(cid, options)

    if (bytes != null) {
      keep(cid, bytes)
    }

    return bytes
  }

  return {
    complete: source.complete,

    async get (cid, options = {}) {
      options.signal?.throwIfAborted()
      const kept = blocks.get(multihashKey(cid))

      if (kept != null) {
        return kept
      }

      if (turn == null) {
        return read(cid, options)
      }

      const end = await turn(() => [cid].filter(isMissing), options.signal)

      try {
        return blocks.get(multihashKey(cid)) ?? await read(cid, options)
      } finally {
        end()
      }
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
