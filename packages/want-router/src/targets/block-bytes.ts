import { MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
import { BlockTooLargeError } from '../errors.ts'

/** A block in one piece or several. */
export type BlockBytes = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * Gathers a block; one piece is not copied. It stops reading when a block no longer fits
 * a message, so that a source cannot fill the memory with one answer.
 *
 * @throws {BlockTooLargeError} above 4 MiB
 */
export async function readBlock (found: BlockBytes): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0

  for await (const piece of found instanceof Uint8Array ? [found] : found) {
    length += piece.byteLength

    if (length > MAX_FRAME_LENGTH) {
      throw new BlockTooLargeError(`A source returned a block of more than ${MAX_FRAME_LENGTH} bytes, the longest message that bitswap peers read`)
    }

    pieces.push(piece)
  }

  if (pieces.length === 1) {
    return pieces[0]
  }

  const block = new Uint8Array(length)
  let offset = 0

  for (const piece of pieces) {
    block.set(piece, offset)
    offset += piece.byteLength
  }

  return block
}
