import type { Location } from '../block-index.ts'

/** A block to be read from a location. */
export interface Placed {
  readonly location: Location
}

/** A range of one object, and the blocks in it, ordered by offset. */
export interface Span<Block extends Placed> {
  readonly object: string
  readonly etag: string | undefined
  readonly start: number
  readonly end: number
  readonly blocks: readonly Block[]
  /** Where the wanted blocks end, if more is read. */
  readonly wantedEnd?: number
}

interface SpanLimits {
  /** Blocks that are at most this far apart are read together, in bytes. */
  readonly maxGap: number
  /** The longest range of several blocks, in bytes. A single block may be longer. */
  readonly maxSpan: number
  /** How much to read of a section of unknown length, in bytes. */
  readonly sectionGuess: number
}

/**
 * Combines blocks into ranges. Blocks may overlap, coincide and come in any order. The
 * lengths in the index only decide which ranges are read, since they may be wrong.
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

  // sections do not overlap, so this one ends before the next one begins
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
