import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { progress } from '../print.ts'
import { table } from '../table.ts'
import { blockSourceBars } from './bars.ts'
import { makeCar } from './made-car.ts'
import { mapFigure } from './map.ts'
import { memoryFigure } from './memory.ts'
import { openingFigure, readingFigure } from './reading.ts'
import { readsFigures } from './reads.ts'
import type { BlockSourceFigures } from './bars.ts'
import type { Requests } from './readers.ts'
import type { ReadingRates } from './reading.ts'

interface BlockSourceFiguresInit {
  /** Rounds of each subject. */
  readonly rounds: number
  /** Sizes of the CAR with blocks of 256 KiB, and of the CAR with blocks of 1 KiB, in bytes. */
  readonly sizes: readonly [large: number, small: number]
  /** How many blocks are wanted at once. */
  readonly wants: number
  /** How many blocks the map has. */
  readonly mapBlocks: number
}

const GiB = 2 ** 30

/** In full: 1 GiB and 10 million blocks, which take about 2 GB on the disk. */
export const FULL: BlockSourceFiguresInit = { rounds: 5, sizes: [GiB, GiB / 16], wants: 1_000, mapBlocks: 10_000_000 }

/** Small CARs and one round: figures for development, not for publishing. */
export const QUICK: BlockSourceFiguresInit = { rounds: 1, sizes: [GiB / 16, GiB / 128], wants: 100, mapBlocks: 200_000 }

/** Measures block sources. It makes the CARs in a temporary folder, and removes them. */
export async function blockSourceFigures ({ rounds, sizes: [largeSize, smallSize], wants, mapBlocks }: BlockSourceFiguresInit): Promise<BlockSourceFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'kitsune-bench-'))

  try {
    progress('block-source: memory')
    // first, since it could reuse memory that others leave behind
    const memory = await memoryFigure(wants)
    progress('block-source: blocks of 256 KiB')
    const large = await makeCar(join(folder, 'large.car'), largeSize >> 18, 1 << 18)
    const reading = [await readingFigure(large, rounds)]
    const reads = await readsFigures(large)
    const opening = await openingFigure(large, rounds)
    progress('block-source: blocks of 1 KiB')
    // only now: the garbage collector visits everything that is kept each time that 64 MiB of blocks were read
    reading.push(await readingFigure(await makeCar(join(folder, 'small.car'), smallSize >> 10, 1 << 10), rounds))
    progress('block-source: a map')

    return { reading, reads, opening, memory, map: await mapFigure(folder, mapBlocks) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The figures as tables of text. */
export function printBlockSource (figures: BlockSourceFigures): string {
  const { reading, reads, opening, memory, map } = figures
  const lines = table(
    ['CAR of', 'MB a', 'lendMany', 'getMany', 'get', 'CarIndexedReader', 'read and hash', 'and keep', 'lendMany / loop', 'lendMany / CarIndexedReader', 'getMany / loop', 'getMany / keeping loop', 'getMany / CarIndexedReader'],
    reading.flatMap(({ blocks, blockSize, perSecond, perCpuSecond }) => [
      [`${blocks} × ${blockSize / 1024} KiB`, 'second', ...printRates(perSecond)],
      ['', 'CPU second', ...printRates(perCpuSecond)]
    ])
  )

  const requests = table(
    ['requests a block of 256 KiB', 'block map + CAR', 'DynamoDB + CAR', 'an object a block', 'batching blob-fetcher: claims + CAR', 'simple blob-fetcher: claims + CAR'],
    reads.map(({ wants, blocks, source, dynamo, objects, batching, simple }) => [`${blocks}, ${wants}`, ...[source, dynamo, objects, batching, simple].map(printRequests)])
  )

  const bars = table(
    ['requirement', 'measured', 'allowed', ''],
    blockSourceBars(figures).map(({ bar, value, least, most, passed }) => [bar, value.toFixed(2), least == null ? `at most ${most}` : `at least ${least}`, passed ? 'met' : 'missed'])
  )

  return [
    ...lines,
    '',
    ...requests,
    '',
    `A block of a CAR of ${(opening.bytes / 1e6).toFixed(0)} MB that was not open: ${opening.indexed.toFixed(1)} ms with a block map, ${opening.scanned.toFixed(0)} ms by a scan.`,
    `${memory.wants} wants of ${memory.blockSize / 1e6} MB at once, with a budget of ${(memory.budget / 1e6).toFixed(0)} MB: ${(memory.held / 1e6).toFixed(0)} MB held at most, and buffers of ${(memory.buffers / 1e6).toFixed(0)} MB, garbage included.`,
    `A map of ${map.blocks} blocks: ${map.bytesPerBlock.toFixed(1)} bytes a block, a lookup ${map.warm.toFixed(0)} µs warm and ${map.cold.toFixed(0)} µs cold, written in ${map.writing.toFixed(0)} s.`,
    '',
    ...bars
  ].join('\n')
}

function printRequests ({ index, car }: Requests): string {
  return `${index.toFixed(3)} + ${car.toFixed(3)}`
}

function printRates ({ lent, source, sourceOneByOne, indexedReader, loop, keepingLoop, lentToLoop, lentToIndexedReader, toLoop, toKeepingLoop, toIndexedReader }: ReadingRates): string[] {
  return [
    ...[lent, source, sourceOneByOne, indexedReader, loop, keepingLoop].map(rate => rate.toFixed(0)),
    ...[lentToLoop, lentToIndexedReader, toLoop, toKeepingLoop, toIndexedReader].map(ratio => ratio.toFixed(2))
  ]
}
