import type { MapFigure } from './map.ts'
import type { MemoryFigure } from './memory.ts'
import type { OpeningFigure, ReadingFigure } from './reading.ts'
import type { ReadsFigure } from './reads.ts'

/** The figures of block sources and block maps. */
export interface BlockSourceFigures {
  readonly reading: readonly ReadingFigure[]
  readonly reads: readonly ReadsFigure[]
  readonly opening: OpeningFigure
  readonly memory: MemoryFigure
  readonly map: MapFigure
}

/** A requirement of block sources, and whether it is met. */
export interface BlockSourceBar {
  readonly bar: string
  readonly value: number
  /** The least or the most that it may be. */
  readonly least?: number
  readonly most?: number
  readonly passed: boolean
}

/** How much memory a consumer of blocks may use beyond the budget of `getMany`, in bytes. */
const OVER_BUDGET = 64 << 20

/** Checks all requirements. */
export function blockSourceBars ({ reading: [large, small], reads: [inOrder, shuffled, cold, warm], opening, memory, map }: BlockSourceFigures): BlockSourceBar[] {
  return [
    atLeast('256 KiB, verified, lent: × of a loop that reads into one buffer and hashes, by the clock', large.perSecond.lentToLoop, 0.75),
    atLeast('256 KiB, verified, lent: × of that loop, by CPU time', large.perCpuSecond.lentToLoop, 0.75),
    atLeast('256 KiB, verified, each in its own memory: × of a loop that keeps what it reads, by the clock', large.perSecond.toKeepingLoop, 0.75),
    atLeast('256 KiB, verified, each in its own memory: × of that loop, by CPU time', large.perCpuSecond.toKeepingLoop, 0.75),
    atLeast('1 KiB, lent: × of CarIndexedReader, by the clock', small.perSecond.lentToIndexedReader, 2),
    atLeast('1 KiB, lent: × of CarIndexedReader, by CPU time', small.perCpuSecond.lentToIndexedReader, 2),
    atLeast('1 KiB: × of CarIndexedReader, by the clock', small.perSecond.toIndexedReader, 2),
    atLeast('1 KiB: × of CarIndexedReader, by CPU time', small.perCpuSecond.toIndexedReader, 2),
    atMost('in order: reads of the CAR a block', inOrder.source.car, 0.15),
    atMost('shuffled: reads of the CAR a block', shuffled.source.car, 0.3),
    atMost('one block, cold: reads', cold.source.index + cold.source.car, 3),
    atMost('one block, warm: reads', warm.source.index + warm.source.car, 1),
    atMost('a block of a CAR that was not open, ms', opening.indexed, 50),
    atMost('many wants at once, over the budget, MiB', (memory.held - memory.budget) / 2 ** 20, OVER_BUDGET / 2 ** 20),
    atMost('a lookup in a map, warm, µs', map.warm, 1_000)
  ]
}

function atLeast (bar: string, value: number, least: number): BlockSourceBar {
  return { bar, value, least, passed: value >= least }
}

function atMost (bar: string, value: number, most: number): BlockSourceBar {
  return { bar, value, most, passed: value <= most }
}
