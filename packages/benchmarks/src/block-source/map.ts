import { createMapWriter, mapIndex } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { testMultihash } from '@kitsune/block-source/testing'
import { median } from '../statistics.ts'

/** The cost of a lookup in a block map. */
export interface MapFigure {
  readonly blocks: number
  /** Bytes of the map, with its root, for each block. */
  readonly bytesPerBlock: number
  /** Microseconds of a lookup whose page is in memory, and of one whose page is not. */
  readonly warm: number
  readonly cold: number
  /** Seconds to write the map, a CAR of 100,000 blocks at a time. */
  readonly writing: number
}

const BLOCKS_PER_CAR = 100_000

const LOOKUPS = 1_000

/** Writes a map of invented blocks to a folder, and looks some of them up. */
export async function mapFigure (folder: string, blocks: number): Promise<MapFigure> {
  const store = folderMapStore({ folder })
  const writer = createMapWriter(store, { prefix: 'made/' })
  const begun = performance.now()

  for (let first = 0; first < blocks; first += BLOCKS_PER_CAR) {
    await writer.add([{ name: `car-${first}`, blocks: () => madeRows(first, Math.min(BLOCKS_PER_CAR, blocks - first)) }])
  }

  const writing = (performance.now() - begun) / 1_000
  // the pages of all lookups are kept
  const index = mapIndex(fsStore({ folder }), { prefix: 'made/', cacheLength: 256 << 20 })
  await index.locate([testMultihash(0)])
  const hashes = Array.from({ length: LOOKUPS }, (_, i) => testMultihash(Math.floor(i * blocks / LOOKUPS)))

  const timed = async (): Promise<number> => {
    const times: number[] = []

    for (const hash of hashes) {
      const start = performance.now()
      const [located] = await index.locate([hash])
      times.push((performance.now() - start) * 1_000)

      if (located instanceof Error || located.length !== 1) {
        throw new Error('a block of the map was not found')
      }
    }

    return median(times)
  }

  const cold = await timed()
  const warm = await timed()
  let bytes = 0

  for await (const name of store.list('made/')) {
    bytes += (await store.stat(name))?.size ?? 0
  }

  return { blocks, bytesPerBlock: bytes / blocks, warm, cold, writing }
}

interface MadeRow {
  readonly multihash: Uint8Array
  readonly blockOffset: number
  readonly blockLength: number
}

async function * madeRows (first: number, count: number): AsyncGenerator<MadeRow[]> {
  for (let at = 0; at < count; at += 10_000) {
    yield Array.from({ length: Math.min(10_000, count - at) }, (_, i) => ({
      multihash: testMultihash(first + at + i),
      blockOffset: (at + i) * 1_000,
      blockLength: 999
    }))
  }
}
