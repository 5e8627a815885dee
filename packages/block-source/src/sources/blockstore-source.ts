import { DEFAULTS } from '../defaults.ts'
import { ObjectTooLargeError } from '../errors.ts'
import { createVerify, inlineBlock } from '../verify.ts'
import { checkMaxBlock } from './max-block.ts'
import type { BlockSource } from '../block-source.ts'
import type { VerifyInit } from '../verify.ts'
import type { CID } from 'multiformats/cid'

/** The parts of an `interface-blockstore` that are used, in the current version or an older one. */
export interface BlockstoreLike {
  get (cid: CID, options?: { signal?: AbortSignal }): BlockstoreBytes | Promise<BlockstoreBytes>
}

/** A block as blockstores return it: complete, or in pieces. */
export type BlockstoreBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Options of {@link blockstoreSource}. */
export interface BlockstoreSourceInit extends VerifyInit {
  readonly blockstore: BlockstoreLike
  /** Whether a miss is certain. Default true */
  readonly complete?: boolean
  /** The longest block that is accepted, in bytes. Default 4 MiB */
  readonly maxBlock?: number
}

/**
 * Reads blocks from any `interface-blockstore`. An error named `NotFoundError` is a miss,
 * any other error is a failure.
 *
 * @throws {InvalidOptionError} if `maxBlock` is not a whole number above 0
 */
export function blockstoreSource (init: BlockstoreSourceInit): BlockSource {
  const { blockstore, complete = true, maxBlock = DEFAULTS.maxBlock } = init
  const verify = createVerify(init)
  checkMaxBlock(maxBlock)

  async function gather (cid: CID, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = []
    let length = 0

    try {
      const found = await blockstore.get(cid, { signal })

      for await (const piece of found instanceof Uint8Array ? [found] : found) {
        signal?.throwIfAborted()
        length += piece.byteLength

        if (length > maxBlock) {
          throw new ObjectTooLargeError(`${cid} has more than the ${maxBlock} bytes that a block may have`)
        }

        pieces.push(piece)
      }
    } catch (err) {
      signal?.throwIfAborted()

      if (isNotFound(err)) {
        return undefined
      }

      throw err
    }

    return pieces.length === 1 ? pieces[0] : join(pieces, length)
  }

  return {
    complete,

    async get (cid, { signal } = {}) {
      signal?.throwIfAborted()
      const bytes = inlineBlock(cid) ?? await gather(cid, signal)

      if (bytes != null) {
        await verify(cid, bytes)
      }

      return bytes
    }
  }
}

/** Checks the name, since every package has its own class, and the `code` of older stores. */
function isNotFound (err: unknown): boolean {
  return err instanceof Error && (err.name === 'NotFoundError' || ('code' in err && err.code === 'ERR_NOT_FOUND'))
}

function join (pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let offset = 0

  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.byteLength
  }

  return bytes
}
