import { basename, dirname } from 'node:path'
import { carSource, createMapWriter, mapIndex, scanCar, scanIndex } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { faultStore } from '@kitsune/block-source/testing'
import { create as createBatching } from '@web3-storage/blob-fetcher/fetcher/batching'
import { create as createSimple } from '@web3-storage/blob-fetcher/fetcher/simple'
import { startRangeServer } from './range-server.ts'
import type { MadeCar } from './made-car.ts'
import type { CID } from 'multiformats/cid'

/** How many reads of a CAR a block takes. */
export interface ReadsFigure {
  readonly wants: string
  readonly blocks: number
  /** `getMany` of a source of CARs. */
  readonly source: number
  /** The batching fetcher of `@web3-storage/blob-fetcher`, which asks for up to 16 ranges at once, and its simple one. */
  readonly batching: number
  readonly simple: number
}

/** Reads of one block, of a map and a CAR that were not read before, and of others after it. */
export interface RandomReadsFigure {
  readonly cold: number
  readonly warm: number
}

export interface ReadsFigures {
  readonly many: readonly ReadsFigure[]
  readonly random: RandomReadsFigure
}

/** Counts the reads for wants of 100 MiB in order, and of 1,000 blocks in another order. */
export async function readsFigures (car: MadeCar): Promise<ReadsFigures> {
  const inOrder = car.cids.slice(0, (100 << 20) / car.blockSize)
  const shuffled = shuffle(car.cids.slice(0, 1_000))

  return {
    many: [await readsFigure(car, 'in order', inOrder), await readsFigure(car, 'shuffled', shuffled)],
    random: await randomReads(car)
  }
}

async function readsFigure (car: MadeCar, wants: string, cids: readonly CID[]): Promise<ReadsFigure> {
  // what counts the reads also hides that they are of a folder, where fewer would not be cheaper
  const store = faultStore(fsStore({ folder: dirname(car.path) }))
  const source = carSource({ store, index: scanIndex(fsStore({ folder: dirname(car.path) }), basename(car.path)) })
  let got = 0

  for await (const { bytes } of source.getMany?.(cids) ?? []) {
    got += Number(bytes?.byteLength === car.blockSize)
  }

  if (got !== cids.length) {
    throw new Error(`${got} of ${cids.length} blocks were read`)
  }

  return {
    wants,
    blocks: cids.length,
    source: store.calls.length / cids.length,
    batching: await readsOf(createBatching, car, cids) / cids.length,
    simple: await readsOf(createSimple, car, cids) / cids.length
  }
}

/** How many requests a fetcher makes that knows where all blocks are. */
async function readsOf (create: typeof createBatching, car: MadeCar, cids: readonly CID[]): Promise<number> {
  const places = new Map<string, { offset: number, length: number }>()

  for await (const sections of scanCar(fsStore({ folder: dirname(car.path) }), basename(car.path))) {
    for (const { multihash, blockOffset, blockLength } of sections) {
      places.set(multihash.join(), { offset: blockOffset, length: blockLength })
    }
  }

  const server = await startRangeServer(car.path)
  const fetcher = create({
    locate: async digest => ({ ok: { digest, site: [{ location: [server.url], range: places.get(digest.bytes.join()) ?? { offset: 0, length: 0 } }] } })
  })

  try {
    // in turns, since all of them are kept in memory until the last of them was taken
    for (let at = 0; at < cids.length; at += 256) {
      await Promise.all(cids.slice(at, at + 256).map(async ({ multihash }) => {
        const { ok, error } = await fetcher.fetch(multihash as never)
        const length = (await ok?.bytes())?.byteLength

        if (length !== car.blockSize) {
          throw new Error(`a block of ${length} bytes was read`, { cause: error })
        }
      }))
    }

    return server.requests()
  } finally {
    await server.stop()
  }
}

async function randomReads (car: MadeCar): Promise<RandomReadsFigure> {
  const folder = dirname(car.path)
  const name = basename(car.path)
  await createMapWriter(folderMapStore({ folder }), { prefix: 'reads/' }).add([{ name, blocks: () => scanCar(fsStore({ folder }), name) }])
  const store = faultStore(fsStore({ folder }))
  const source = carSource({ store, index: mapIndex(store, { prefix: 'reads/' }) })
  const [first, ...others] = shuffle(car.cids).slice(0, 101)
  await source.get(first)
  const cold = store.calls.length

  for (const cid of [first, ...others]) {
    await source.get(cid)
  }

  const before = store.calls.length

  for (const cid of others) {
    await source.get(cid)
  }

  return { cold, warm: (store.calls.length - before) / others.length }
}

/** The same order each time. */
function shuffle<T> (items: readonly T[]): T[] {
  return items.map((item, i) => ({ item, order: Math.imul(i + 1, 0x9e3779b1) >>> 0 })).sort((a, b) => a.order - b.order).map(({ item }) => item)
}
