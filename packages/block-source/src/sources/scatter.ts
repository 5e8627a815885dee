import { allocate } from './allocate.ts'
import type { Placed, Span } from './spans.ts'

/** Shorter blocks, in bytes, are copied out of a range: that takes less time than a separate buffer for each and for the bytes before it. */
const MIN_BLOCK = 16 * 1024

/** The buffers into which a range is read. */
export interface Scatter {
  /** One for each block. */
  readonly blocks: readonly Uint8Array[]
  /** The same, and those for the bytes between blocks. */
  readonly buffers: readonly Uint8Array[]
}

/** Whether each block of a range can be read into its own buffer: positions and lengths are known, and blocks do not overlap and are neither short nor too long. */
export function isScatterable ({ start, blocks }: Span<Placed>, maxBlock: number): boolean {
  let end = start

  return blocks.every(({ location: { at, offset, length } }) => {
    if (at !== 'block' || length == null || length < MIN_BLOCK || length > maxBlock || offset < end) {
      return false
    }

    end = offset + length

    return true
  })
}

/** Allocates the buffers for a range that is scatterable. */
export function createScatter ({ start, blocks: placed }: Span<Placed>): Scatter {
  const blocks: Uint8Array[] = []
  const buffers: Uint8Array[] = []
  // the bytes between blocks are not used, so all of them may be read into the same buffer
  let between = new Uint8Array()
  let end = start

  for (const { location: { offset, length = 0 } } of placed) {
    const block = allocate(length)
    const gap = offset - end

    if (gap > between.byteLength) {
      between = new Uint8Array(gap)
    }

    buffers.push(between.subarray(0, gap), block)
    blocks.push(block)
    end = offset + length
  }

  return { blocks, buffers }
}
