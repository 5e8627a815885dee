import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { createVerify, inlineBlock } from '../verify.ts'
import { attemptAll } from './attempts.ts'
import { ReadAhead } from './read-ahead.ts'
import { readLocation, statLocation } from './read-location.ts'
import { readMany } from './read-many.ts'
import { createSlabs } from './slabs.ts'
import type { CarSourceInit, CarSourceLimits } from './car-source-init.ts'
import type { Located, Location } from '../block-index.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

/** A source of CAR files. */
export interface CarSource extends BlockSource {
  getMany (cids: Iterable<CID>, options?: SourceOptions): AsyncIterable<GetManyResult>
  /**
   * Like `getMany`, for a consumer that has finished with a block before it takes the next one,
   * for example because it hashes or copies it, or waits until it is written. The bytes of a
   * result may be overwritten as soon as the next result is requested. So one range after
   * another is read into the same memory, whereas `getMany` allocates memory for each block.
   */
  lendMany (cids: Iterable<CID>, options?: SourceOptions): AsyncIterable<GetManyResult>
}

/**
 * Reads blocks from CAR files, or from any objects in which an index locates them. It
 * verifies each block, and tries further locations if the first ones fail.
 *
 * @throws {InvalidOptionError} if an option is not a whole number above 0
 */
export function carSource (init: CarSourceInit): CarSource {
  const { store, index } = init
  const limits = limitsOf(init)
  const verify = createVerify(init)
  const ahead = init.readAhead == null ? undefined : new ReadAhead(init.readAhead)

  async function locate (cid: CID, options: SourceOptions): Promise<readonly Location[]> {
    const [located]: readonly Located[] = await index.locate([cid.multihash.bytes], options)

    if (located instanceof Error) {
      throw located
    }

    return located
  }

  return {
    complete: index.complete,

    async get (cid, options = {}) {
      options.signal?.throwIfAborted()

      if (ahead != null) {
        return one(readMany({ store, index, limits, verify, ahead }, [cid], options))
      }

      return inlineBlock(cid) ?? attemptAll(cid, await locate(cid, options), options.signal, async location => {
        const bytes = await readLocation(store, cid, location, limits, options.signal)
        await verify(cid, bytes)

        return bytes
      })
    },

    getMany (cids, options = {}) {
      return readMany({ store, index, limits, verify, ahead }, cids, options)
    },

    lendMany (cids, options = {}) {
      return readMany({ store, index, limits: store.readInto == null ? limits : localLimits(limits), verify, slabs: createSlabs() }, cids, options)
    },

    async stat (cid, options = {}) {
      options.signal?.throwIfAborted()
      const size = inlineBlock(cid)?.byteLength ?? await attemptAll(cid, await locate(cid, options), options.signal, async location => statLocation(store, cid, location, limits, options.signal))

      return size == null ? undefined : { size }
    }
  }
}

async function one (results: AsyncIterable<GetManyResult>): Promise<Uint8Array | undefined> {
  let read: Uint8Array | undefined

  for await (const { bytes, error } of results) {
    if (error != null) {
      throw error
    }

    read ??= bytes
  }

  return read
}

/** The limits for a store that reads into buffers, which is a folder. */
function localLimits (limits: CarSourceLimits): CarSourceLimits {
  return { ...limits, maxSpan: Math.min(limits.maxSpan, DEFAULTS.lentSpan), concurrency: Math.min(limits.concurrency, DEFAULTS.lentReads) }
}

function limitsOf (init: CarSourceInit): CarSourceLimits {
  const { maxBlock, sectionGuess, maxGap, maxSpan, concurrency, maxBytes } = DEFAULTS
  const limits = {
    maxBlock: init.maxBlock ?? maxBlock,
    sectionGuess: init.sectionGuess ?? sectionGuess,
    maxGap: init.maxGap ?? maxGap,
    maxSpan: init.maxSpan ?? maxSpan,
    concurrency: init.concurrency ?? concurrency,
    maxBytes: init.maxBytes ?? maxBytes
  }

  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < (name === 'maxGap' ? 0 : 1)) {
      throw new InvalidOptionError(`${name} must be a whole number above 0, not ${value}`)
    }
  }

  return limits
}
