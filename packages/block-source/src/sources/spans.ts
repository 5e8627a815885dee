import type { Location } from '../block-index.ts'

/** A block that is to be read from a place. */
export interface Placed {
  readonly location: Location
}

/** A range of one object, and the blocks in it, by their offsets. */
export interface Span<Block extends Placed> {
  readonly object: string
  readonly etag: string | undefined
  readonly start: number
  readonly end: number
  readonly blocks: readonly Block[]
}

export interface SpanLimits {
  /** Blocks that are at most so far apart are read at once, in bytes. */
  readonly maxGap: number
  /** The longest range that is read at once, in bytes. One block may be longer. */
  readonly maxSpan: number
  /** How much is read of a section whose length is not known, in bytes. */
  readonly sectionGuess: number
}

/**
 * Divides blocks into ranges to be read at once. Blocks may overlap, coincide and
 * come in any order; what an index says of their lengths is not believed any
 * further than that it decides what is read.
 */
export function planSpans<Block extends Placed> (blocks: readonly Block[], limits: SpanLimits): Array<Span<Block>> {
  const sorted = blocks.toSorted(({ location: a }, { location: b }) => compare(a.object, b.object) || compare(a.etag ?? '', b.etag ?? '') || a.offset - b.offset)
  const spans: Array<{ object: string, etag: string | undefined, start: number, end: number, blocks: Block[] }> = []

  for (const [i, block] of sorted.entries()) {
    const { object, etag, offset: start } = block.location
    const end = endOf(sorted, i, limits.sectionGuess)
    const last = spans.at(-1)

    if (last?.object === object && last.etag === etag && start <= last.end + limits.maxGap && Math.max(end, last.end) - last.start <= limits.maxSpan) {
      last.blocks.push(block)
      last.end = Math.max(end, last.end)
    } else {
      spans.push({ object, etag, start, end, blocks: [block] })
    }
  }
  return spans
}

function endOf (sorted: readonly Placed[], i: number, sectionGuess: number): number {
  const { object, etag, offset, length, limit } = sorted[i].location

  if (length != null) {
    return offset + length
  }
  // sections do not overlap, so where another begins this one has ended
  let next = i + 1
  while (next < sorted.length && sorted[next].location.offset === offset) {
    next++
  }
  const follows = sorted.at(next)?.location
  const bound = follows?.object === object && follows.etag === etag ? follows.offset - offset : Infinity

  return offset + Math.min(limit ?? sectionGuess, bound)
}

function compare (a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
