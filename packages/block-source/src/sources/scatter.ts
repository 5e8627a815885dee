import { allocate } from './allocate.ts'
import type { Placed, Span } from './spans.ts'

/** Shorter blocks are copied out of a range: that takes less time than a separate buffer for each and for what precedes it. In bytes. */
const MIN_BLOCK = 16 * 1024

/** Buffers that a range is read into. */
export interface Scatter {
  /** One for each block. */
  readonly blocks: readonly Uint8Array[]
  /** The same, and those for what is between them. */
  readonly buffers: readonly Uint8Array[]
}

/** Whether all blocks of a range can be read into their own buffers: their places are known, apart and not too long. */
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

/** Makes the buffers for a range that is scatterable. */
export function createScatter ({ start, blocks: placed }: Span<Placed>): Scatter {
  const blocks: Uint8Array[] = []
  const buffers: Uint8Array[] = []
  // what is between blocks is not looked at, so that all of it may go to the same place
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
