import { basename, dirname } from 'node:path'
import { carSource, createMapWriter, getMany, mapIndex, scanCar } from '@kitsune/block-source'
import { folderMapStore, fsStore } from '@kitsune/block-source/fs'
import { faultStore } from '@kitsune/block-source/testing'
import { create as createBatching } from '@web3-storage/blob-fetcher/fetcher/batching'
import { create as createSimple } from '@web3-storage/blob-fetcher/fetcher/simple'
import { create as createLocator } from '@web3-storage/blob-fetcher/locator/content-claims'
import { startClaimsService } from './claims-service.ts'
import { startRangeServer } from './range-server.ts'
import type { ClaimedPlace } from './claims-service.ts'
import type { CountingServer } from './counting-server.ts'
import type { MadeCar } from './made-car.ts'
import type { CID } from 'multiformats/cid'

/** Requests for each wanted block: to find it, and to read it. */
export interface Requests {
  readonly index: number
  readonly car: number
}

/** The requests for the same wants, by this package and by the libraries that Hoverboard uses. */
export interface ReadsFigure {
  readonly wants: string
  readonly blocks: number
  /** A source of CARs with a block map. */
  readonly source: Requests
  /** The batching fetcher of `@web3-storage/blob-fetcher`, which asks for up to 16 ranges at once, with its locator by content claims. */
  readonly batching: Requests
  /** Its simple fetcher, with the same locator. */
  readonly simple: Requests
}

/** A reader of blocks whose requests are counted. */
interface Reader {
  read (cids: readonly CID[]): Promise<void>
  requests (): Requests
}

/** Wants for 100 MiB in order, for 1,000 blocks in another order, for one block when nothing was read before, and for single ones after it. */
export async function readsFigures (car: MadeCar): Promise<ReadsFigure[]> {
  const blocks = shuffle(car.cids.slice(0, 1_000))
  const [first, ...others] = shuffle(car.cids).slice(0, 101)
  const prefix = 'reads/'
  const folder = dirname(car.path)
  const name = basename(car.path)
  await createMapWriter(folderMapStore({ folder }), { prefix }).add([{ name, blocks: () => scanCar(fsStore({ folder }), name) }])
  const server = await startRangeServer(car.path)
  const claims = await startClaimsService(await placesOf(car, server.url))

  const readers: Record<'source' | 'batching' | 'simple', () => Reader> = {
    source: () => ourReader(car, prefix),
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

    return { wants, blocks: cids.length, source: await count(readers.source), batching: await count(readers.batching), simple: await count(readers.simple) }
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
  }
}

function ourReader (car: MadeCar, prefix: string): Reader {
  // the counting store also hides that it is a folder, where fewer reads would not be cheaper
  const store = faultStore(fsStore({ folder: dirname(car.path) }))
  const source = carSource({ store, index: mapIndex(store, { prefix }) })

  return {
    async read (cids) {
      let got = 0

      for await (const { bytes } of getMany(source, cids)) {
        got += Number(bytes?.byteLength === car.blockSize)
      }

      if (got !== cids.length) {
        throw new Error(`${got} of ${cids.length} blocks were read`)
      }
    },
    requests () {
      const index = store.calls.filter(({ object }) => object.startsWith(prefix)).length

      return { index, car: store.calls.length - index }
    }
  }
}

function theirReader (create: typeof createBatching, car: MadeCar, server: CountingServer, claims: CountingServer): Reader {
  const fetcher = create(createLocator({ serviceURL: claims.url }))

  return {
    async read (cids) {
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
    },
    requests: () => ({ index: claims.requests(), car: server.requests() })
  }
}

async function placesOf (car: MadeCar, url: URL): Promise<ClaimedPlace[]> {
  const places: ClaimedPlace[] = []

  for await (const sections of scanCar(fsStore({ folder: dirname(car.path) }), basename(car.path))) {
    places.push(...sections.map(({ multihash, blockOffset, blockLength }) => ({ digest: multihash.slice(), url, offset: blockOffset, length: blockLength })))
  }

  return places
}

/** Shuffles, with the same order each time. */
function shuffle<T> (items: readonly T[]): T[] {
  return items.map((item, i) => ({ item, order: Math.imul(i + 1, 0x9e3779b1) >>> 0 })).sort((a, b) => a.order - b.order).map(({ item }) => item)
}
