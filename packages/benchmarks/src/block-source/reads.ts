import { basename, dirname } from 'node:path'
import { createMapWriter, scanCar } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { create as createBatching } from '@web3-storage/blob-fetcher/fetcher/batching'
import { create as createSimple } from '@web3-storage/blob-fetcher/fetcher/simple'
import { startClaimsService } from './claims-service.ts'
import { startDynamoService } from './dynamo-service.ts'
import { startRangeServer } from './range-server.ts'
import { dynamoReader, mapReader, objectReader, theirReader } from './readers.ts'
import type { MadeCar } from './made-car.ts'
import type { Place, Reader, Requests } from './readers.ts'
import type { CID } from 'multiformats/cid'

/** What the same wants take from us, with what may stand in place of a block map, and from the libraries that Hoverboard reads with. */
export interface ReadsFigure {
  readonly wants: string
  readonly blocks: number
  /** A source of CARs with a block map. */
  readonly source: Requests
  /** A source of CARs with a row for each block in DynamoDB. */
  readonly dynamo: Requests
  /** A source of an object for each block. */
  readonly objects: Requests
  /** The batching fetcher of `@web3-storage/blob-fetcher`, which asks for up to 16 ranges at once, with its locator by content claims. */
  readonly batching: Requests
  /** Its simple fetcher, with the same locator. */
  readonly simple: Requests
}

/** The wants of 100 MiB in order, those of 1,000 blocks in another order, one block when nothing was read before, and single ones after it. */
export async function readsFigures (car: MadeCar): Promise<ReadsFigure[]> {
  const blocks = shuffle(car.cids.slice(0, 1_000))
  const [first, ...others] = shuffle(car.cids).slice(0, 101)
  const prefix = 'reads/'
  const folder = dirname(car.path)
  const name = basename(car.path)
  await createMapWriter(folderMapStore({ folder }), { prefix }).add([{ name, blocks: () => scanCar(fsStore({ folder }), name) }])
  const server = await startRangeServer(car.path)
  const places = await placesOf(car)
  const claims = await startClaimsService(places.map(({ multihash, offset, length }) => ({ digest: multihash, url: server.url, offset, length })))
  const dynamo = await startDynamoService(places.map(place => ({ ...place, carpath: name })))

  const readers: Record<'source' | 'dynamo' | 'objects' | 'batching' | 'simple', () => Reader> = {
    source: () => mapReader(car, prefix),
    dynamo: () => dynamoReader(car, dynamo),
    objects: () => objectReader(car, places),
    batching: () => theirReader(createBatching, car, server, claims),
    simple: () => theirReader(createSimple, car, server, claims)
  }

  /** Counts the requests of new readers, after they have read some blocks. */
  async function figure (wants: string, before: readonly CID[], batches: ReadonlyArray<readonly CID[]>): Promise<ReadsFigure> {
    const cids = batches.flat()

    const count = async (make: () => Reader): Promise<Requests> => {
      const reader = make()
      await reader.read(before)
      const start = reader.requests()

      for (const batch of batches) {
        await reader.read(batch)
      }

      const end = reader.requests()

      return { index: (end.index - start.index) / cids.length, car: (end.car - start.car) / cids.length }
    }

    return {
      wants,
      blocks: cids.length,
      source: await count(readers.source),
      dynamo: await count(readers.dynamo),
      objects: await count(readers.objects),
      batching: await count(readers.batching),
      simple: await count(readers.simple)
    }
  }

  try {
    return [
      await figure('in order', [], [car.cids.slice(0, (100 << 20) / car.blockSize)]),
      await figure('shuffled', [], [blocks]),
      await figure('cold', [], [[first]]),
      // pages of a map that were read stay in memory, and also serve other blocks
      await figure('one by one, warm', [first, ...others], others.map(cid => [cid]))
    ]
  } finally {
    await server.stop()
    await claims.stop()
    await dynamo.stop()
  }
}

async function placesOf (car: MadeCar): Promise<Place[]> {
  const places: Place[] = []

  for await (const sections of scanCar(fsStore({ folder: dirname(car.path) }), basename(car.path))) {
    places.push(...sections.map(({ multihash, blockOffset, blockLength }) => ({ multihash: multihash.slice(), offset: blockOffset, length: blockLength })))
  }

  return places
}

/** Shuffles, with the same order each time. */
function shuffle<T> (items: readonly T[]): T[] {
  return items.map((item, i) => ({ item, order: Math.imul(i + 1, 0x9e3779b1) >>> 0 })).sort((a, b) => a.order - b.order).map(({ item }) => item)
}
