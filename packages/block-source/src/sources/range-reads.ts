import { MAX_SECTION_HEAD } from '../car/section.ts'
import { findBlock, present, separate } from './read-location.ts'
import { createScatter, isScatterable } from './scatter.ts'
import { slabSize } from './slabs.ts'
import type { CarSourceLimits } from './car-source-init.ts'
import type { ReadAhead } from './read-ahead.ts'
import type { Found } from './read-location.ts'
import type { Slabs } from './slabs.ts'
import type { Placed, Span } from './spans.ts'
import type { Location } from '../block-index.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Verify } from '../verify.ts'
import type { CID } from 'multiformats/cid'

/** How ranges are read. */
export interface RangeReadsInit {
  readonly store: ObjectStore
  readonly limits: CarSourceLimits
  readonly verify: Verify
  readonly ahead?: ReadAhead
  /** Set if blocks are lent: they are views of a slab, which the next range is read into. */
  readonly slabs?: Slabs
}

/** A range that has been read. */
export interface ReadRange {
  /**
   * Finds the `i`th of its blocks; returns the position of the block if not all of it was read.
   *
   * @throws {Error} if it is not there
   */
  find (cid: CID, location: Location, i: number): Found
  /** Called when none of its blocks is in use any more. */
  release? (): void
}

/** How a range will be read, and how much memory the read and its blocks take, in bytes. */
export interface RangeRead {
  readonly size: number
  /** Whether its blocks are lent. */
  readonly lends?: boolean
  run (signal: AbortSignal): Promise<ReadRange>
}

/** Decides how to read a range. */
export function planRead (init: RangeReadsInit, span: Span<Placed>): RangeRead {
  const { store, limits, slabs } = init
  const length = span.end - span.start
  const { readInto } = store

  if (slabs != null && readInto != null && isMeasured(span, limits.maxBlock)) {
    return { size: slabSize(length), lends: true, run: async signal => borrow({ ...init, slabs }, span, signal) }
  }

  if (slabs != null) {
    return { size: length, run: async signal => whole(init, span, signal, view => view) }
  }

  if (readInto != null && span.blocks.length > 1 && span.wantedEnd == null && isScatterable(span, limits.maxBlock)) {
    return { size: length, run: async signal => scatter(init, span, signal) }
  }

  // blocks are copied, so as not to keep the range in memory
  return { size: length * (span.blocks.length > 1 ? 2 : 1), run: async signal => whole(init, span, signal, separate) }
}

/** Whether it is known where all blocks of a range end, and none is too long. */
function isMeasured ({ blocks }: Span<Placed>, maxBlock: number): boolean {
  return blocks.every(({ location: { length = Infinity } }) => length <= maxBlock + MAX_SECTION_HEAD)
}

/** Reads a range into one buffer; `own` turns a view of it into a block. */
async function whole ({ store, limits, verify, ahead }: RangeReadsInit, span: Span<Placed>, signal: AbortSignal, own: (view: Uint8Array) => Uint8Array): Promise<ReadRange> {
  const { object, etag, start, end } = span
  const { bytes, size } = present(object, await store.read(object, { offset: start, length: end - start, ifMatch: etag, signal }))

  if (span.wantedEnd != null) {
    await ahead?.keep(span, bytes, limits.maxBlock, verify)
  }

  return {
    find (cid, location) {
      const found = findBlock(cid, location, bytes, start, size, limits.maxBlock)

      return 'bytes' in found ? { bytes: own(found.bytes) } : found
    }
  }
}

/** Reads a range into a slab. If the read fails, the slab is not used again, since the read may still write to it. */
async function borrow ({ store, limits, slabs }: RangeReadsInit & { readonly slabs: Slabs }, span: Span<Placed>, signal: AbortSignal): Promise<ReadRange> {
  const { object, etag, start, end } = span
  const slab = slabs.take(end - start)
  const { size } = present(object, await store.readInto?.(object, [slab], { offset: start, ifMatch: etag, signal }))

  return {
    find: (cid, location) => findBlock(cid, location, slab, start, size, limits.maxBlock),
    release () { slabs.give(slab) }
  }
}

/** Reads a range into a buffer for each block. */
async function scatter ({ store }: RangeReadsInit, span: Span<Placed>, signal: AbortSignal): Promise<ReadRange> {
  const { object, etag, start } = span
  const { blocks, buffers } = createScatter(span)
  present(object, await store.readInto?.(object, buffers, { offset: start, ifMatch: etag, signal }))

  return { find: (_cid, _location, i) => ({ bytes: blocks[i] }) }
}
