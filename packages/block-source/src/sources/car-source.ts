import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { createVerify, inlineBlock } from '../verify.ts'
import { attemptAll } from './attempts.ts'
import { readLocation, statLocation } from './read-location.ts'
import { readMany } from './read-many.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'
import type { VerifyInit } from '../verify.ts'
import type { CID } from 'multiformats/cid'

export interface CarSourceInit extends VerifyInit {
  /** Where the CAR files are. */
  readonly store: ObjectStore
  /** Says where in them a block is. */
  readonly index: BlockIndex
  /** A longer block is refused before it is read, in bytes. Default 4 MiB */
  readonly maxBlock?: number
  /** How much is read at first of a section whose length the index does not know, in bytes. Default 257 KiB: a block of 256 KiB takes one read */
  readonly sectionGuess?: number
  /** `getMany` reads blocks at once that are at most so far apart, in bytes. Default 64 KiB */
  readonly maxGap?: number
  /** The most that `getMany` reads at once, in bytes. Default 4 MiB */
  readonly maxSpan?: number
  /** How many reads `getMany` makes at a time. Default 4 */
  readonly concurrency?: number
  /** What `getMany` has read or is reading, and what was not taken yet, in bytes. Default 32 MiB */
  readonly maxBytes?: number
}

/** The options with their defaults. */
export type CarSourceLimits = Required<Omit<CarSourceInit, 'store' | 'index' | 'hashers'>>

/**
 * Blocks of CAR files, or of any objects in which an index says they are. Each is
 * verified, and looked for in further places where the first do not have it.
 *
 * @throws {InvalidOptionError} if an option is no whole number above 0
 */
export function carSource (init: CarSourceInit): BlockSource {
  const { store, index } = init
  const limits = limitsOf(init)
  const verify = createVerify(init)

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
      return inlineBlock(cid) ?? attemptAll(cid, await locate(cid, options), options.signal, async location => {
        const bytes = await readLocation(store, cid, location, limits, options.signal)
        await verify(cid, bytes)
        return bytes
      })
    },

    getMany (cids, options = {}): AsyncIterable<GetManyResult> {
      return readMany({ store, index, limits, verify }, cids, options)
    },

    async stat (cid, options = {}) {
      options.signal?.throwIfAborted()
      const size = inlineBlock(cid)?.byteLength ?? await attemptAll(cid, await locate(cid, options), options.signal, async location => statLocation(store, cid, location, limits, options.signal))
      return size == null ? undefined : { size }
    }
  }
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
      throw new InvalidOptionError(`${name} is a whole number above 0, not ${value}`)
    }
  }
  return limits
}
