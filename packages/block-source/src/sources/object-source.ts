import { DEFAULTS } from '../defaults.ts'
import { ObjectTooLargeError } from '../errors.ts'
import { createVerify, inlineBlock } from '../verify.ts'
import { checkMaxBlock } from './max-block.ts'
import type { ObjectKey } from './object-keys.ts'
import type { BlockSource } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'
import type { VerifyInit } from '../verify.ts'

/** Options of {@link objectSource}. */
export interface ObjectSourceInit extends VerifyInit {
  readonly store: ObjectStore
  /** Names the object that holds a block, e.g. `flatfsKey()`. */
  readonly key: ObjectKey
  /** Whether a missing object means that the block is certainly absent. Default true */
  readonly complete?: boolean
  /** The longest block that is accepted, in bytes. Default 4 MiB */
  readonly maxBlock?: number
}

/**
 * Reads blocks from a store that has one object for each block.
 *
 * @throws {InvalidOptionError} if `maxBlock` is not a whole number above 0
 */
export function objectSource (init: ObjectSourceInit): BlockSource {
  const { store, key, complete = true, maxBlock = DEFAULTS.maxBlock } = init
  const verify = createVerify(init)
  checkMaxBlock(maxBlock)

  return {
    complete,

    async get (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const inline = inlineBlock(cid)

      if (inline != null) {
        return inline
      }

      // reading one byte more than allowed shows whether the object is longer
      const part = await store.read(key(cid), { length: maxBlock + 1, signal })

      if (part == null) {
        return undefined
      }

      if (part.bytes.byteLength > maxBlock) {
        throw new ObjectTooLargeError(`${key(cid)} has more than the ${maxBlock} bytes that a block may have`)
      }

      await verify(cid, part.bytes)

      return part.bytes
    },

    async stat (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const inline = inlineBlock(cid)
      const info = inline == null ? await store.stat(key(cid), { signal }) : { size: inline.byteLength }

      return info == null ? undefined : { size: info.size }
    }
  }
}
