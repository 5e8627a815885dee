import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { CarIndexedReader } from '@ipld/car/indexed-reader'
import { carSource, createMapWriter, mapIndex, scanCar, scanIndex } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { sha256 } from 'multiformats/hashes/sha2'
import { median, medianRatio } from '../statistics.ts'
import type { MadeCar } from './made-car.ts'
import type { CarSource, GetManyResult } from '@kitsune/block-source'

/** How fast all blocks of a CAR file are read in order, in MB a second of some kind of time. */
export interface ReadingRates {
  /** `getMany` of a source, which verifies each block, and gives it memory of its own. */
  readonly source: number
  /** `lendMany` of it, which verifies each block, too, and uses memory again, as the loop does. */
  readonly lent: number
  /** `get` of a source, block by block, which also verifies each block. */
  readonly sourceOneByOne: number
  /** `CarIndexedReader.get` of `@ipld/car`, which does not verify. */
  readonly indexedReader: number
  /** A loop that reads the file into one buffer and hashes the length of a block at a time. */
  readonly loop: number
  /** The same with a new buffer for each read, as if blocks were kept. */
  readonly keepingLoop: number
  /** Medians of the ratios of neighbours: of `getMany`, and of `lendMany`. */
  readonly toLoop: number
  readonly toKeepingLoop: number
  readonly toIndexedReader: number
  readonly lentToLoop: number
  readonly lentToIndexedReader: number
}

/** How fast each way of reading reads one CAR. Sizes are in bytes. */
export interface ReadingFigure {
  readonly blockSize: number
  readonly blocks: number
  /** By the clock: meaningful on an otherwise idle machine. */
  readonly perSecond: ReadingRates
  /** By the CPU time of all threads, which other load hardly affects. */
  readonly perCpuSecond: ReadingRates
}

const SUBJECTS = ['source', 'lent', 'sourceOneByOne', 'indexedReader', 'loop', 'keepingLoop'] as const

type Rounds = Record<typeof SUBJECTS[number], number[]>

/** Subjects take turns, and a comparison is the median of the ratios of neighbours. */
export async function readingFigure (car: MadeCar, rounds: number): Promise<ReadingFigure> {
  const source = await openedSource(car)
  const reader = await CarIndexedReader.fromFile(car.path)
  const bytes = car.cids.length * car.blockSize
  const runs: Record<typeof SUBJECTS[number], () => Promise<number>> = {
    source: async () => readAll(source.getMany(car.cids)),
    lent: async () => readAll(source.lendMany(car.cids)),
    sourceOneByOne: async () => readOneByOne(car, async cid => source.get(cid)),
    indexedReader: async () => readOneByOne(car, async cid => (await reader.get(cid as never))?.bytes),
    loop: async () => hashFile(car, false),
    keepingLoop: async () => hashFile(car, true)
  }
  const [perSecond, perCpuSecond] = [noRounds(), noRounds()]

  try {
    // the first round is not counted: the file is not in memory yet, and nothing is compiled
    for (let round = 0; round <= rounds; round++) {
      for (const subject of round % 2 === 0 ? SUBJECTS : SUBJECTS.toReversed()) {
        const start = performance.now()
        const startCpu = process.cpuUsage()
        const read = await runs[subject]()
        const { user, system } = process.cpuUsage(startCpu)
        const elapsed = performance.now() - start

        if (read < bytes) {
          throw new Error(`${subject} read ${read} of ${bytes} bytes`)
        }

        if (round > 0) {
          perSecond[subject].push(read / elapsed / 1_000)
          perCpuSecond[subject].push(read / (user + system))
        }
      }
    }
  } finally {
    await reader.close()
  }

  return { blockSize: car.blockSize, blocks: car.cids.length, perSecond: ratesOf(perSecond), perCpuSecond: ratesOf(perCpuSecond) }
}

function noRounds (): Rounds {
  return { source: [], lent: [], sourceOneByOne: [], indexedReader: [], loop: [], keepingLoop: [] }
}

function ratesOf (rounds: Rounds): ReadingRates {
  return {
    source: median(rounds.source),
    lent: median(rounds.lent),
    sourceOneByOne: median(rounds.sourceOneByOne),
    indexedReader: median(rounds.indexedReader),
    loop: median(rounds.loop),
    keepingLoop: median(rounds.keepingLoop),
    toLoop: medianRatio(rounds.source, rounds.loop),
    toKeepingLoop: medianRatio(rounds.source, rounds.keepingLoop),
    toIndexedReader: medianRatio(rounds.source, rounds.indexedReader),
    lentToLoop: medianRatio(rounds.lent, rounds.loop),
    lentToIndexedReader: medianRatio(rounds.lent, rounds.indexedReader)
  }
}

/** Milliseconds from opening a CAR to a verified block, with and without an index. */
export interface OpeningFigure {
  readonly bytes: number
  /** With a block map of the CAR. */
  readonly indexed: number
  /** By a scan of all of it, which hashes nothing but that block. */
  readonly scanned: number
}

/** Measures how long a new source takes to read the last block of a CAR, by its index and by scanning it. */
export async function openingFigure (car: MadeCar, rounds: number): Promise<OpeningFigure> {
  const folder = dirname(car.path)
  const name = basename(car.path)
  const store = fsStore({ folder })
  await createMapWriter(folderMapStore({ folder })).add([{ name, blocks: () => scanCar(store, name) }])
  const last = car.cids[car.cids.length - 1]
  const times = { indexed: [] as number[], scanned: [] as number[] }

  for (let round = 0; round < rounds; round++) {
    for (const kind of ['indexed', 'scanned'] as const) {
      const start = performance.now()
      const store = fsStore({ folder })
      const bytes = await carSource({ store, index: kind === 'indexed' ? mapIndex(store) : scanIndex(store, name) }).get(last)
      times[kind].push(performance.now() - start)

      if (bytes == null) {
        throw new Error(`${kind}: the last block was not found`)
      }
    }
  }

  return { bytes: car.cids.length * car.blockSize, indexed: median(times.indexed), scanned: median(times.scanned) }
}

async function openedSource ({ path, cids }: MadeCar): Promise<CarSource> {
  const store = fsStore({ folder: dirname(path) })
  const source = carSource({ store, index: scanIndex(store, basename(path)) })
  await source.get(cids[cids.length - 1])

  return source
}

async function readAll (results: AsyncIterable<GetManyResult>): Promise<number> {
  let read = 0

  for await (const { bytes } of results) {
    read += bytes?.byteLength ?? 0
  }

  return read
}

async function readOneByOne ({ cids }: MadeCar, get: (cid: MadeCar['cids'][number]) => Promise<Uint8Array | undefined>): Promise<number> {
  let read = 0

  for (const cid of cids) {
    read += (await get(cid))?.byteLength ?? 0
  }

  return read
}

/** At least 1 MiB is read at a time, as any plain loop would do. */
async function hashFile ({ path, blockSize }: MadeCar, keeps: boolean): Promise<number> {
  const file = await open(path)
  let buffer = new Uint8Array(Math.max(blockSize, 1 << 20))
  let read = 0

  try {
    for (;;) {
      buffer = keeps ? new Uint8Array(buffer.byteLength) : buffer
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, read)

      for (let at = 0; at < bytesRead; at += blockSize) {
        await sha256.digest(buffer.subarray(at, Math.min(bytesRead, at + blockSize)))
      }

      read += bytesRead

      if (bytesRead === 0) {
        return read
      }
    }
  } finally {
    await file.close()
  }
}
