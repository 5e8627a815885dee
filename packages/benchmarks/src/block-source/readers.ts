import { basename, dirname } from 'node:path'
import { carSource, dynamoIndex, getMany, mapIndex, objectSource } from '@kitsune/block-source'
import { fsStore } from '@kitsune/block-source/fs'
import { faultStore } from '@kitsune/block-source/testing'
import { create as createLocator } from '@web3-storage/blob-fetcher/locator/content-claims'
import { base58btc } from 'multiformats/bases/base58'
import type { CountingServer } from './counting-server.ts'
import type { MadeCar } from './made-car.ts'
import type { BlockSource, ObjectStore } from '@kitsune/block-source'
import type { create as createFetcher } from '@web3-storage/blob-fetcher/fetcher/batching'
import type { CID } from 'multiformats/cid'

/** Requests for each block that is wanted: to find it, and to read it. */
export interface Requests {
  readonly index: number
  readonly car: number
}

/** A reader of blocks whose requests are counted. */
export interface Reader {
  read (cids: readonly CID[]): Promise<void>
  requests (): Requests
}

/** Where a block is in a CAR. */
export interface Place {
  readonly multihash: Uint8Array
  readonly offset: number
  readonly length: number
}

/** Reads a CAR by a block map of that prefix. */
export function mapReader (car: MadeCar, prefix: string): Reader {
  // what counts the reads also hides that they are of a folder, where fewer would not be cheaper
  const store = faultStore(fsStore({ folder: dirname(car.path) }))

  return {
    read: reading(carSource({ store, index: mapIndex(store, { prefix }) }), car.blockSize),
    requests () {
      const index = store.calls.filter(({ object }) => object.startsWith(prefix)).length

      return { index, car: store.calls.length - index }
    }
  }
}

/** Reads a CAR by the rows of a service that answers as DynamoDB. */
export function dynamoReader (car: MadeCar, service: CountingServer): Reader {
  const store = faultStore(fsStore({ folder: dirname(car.path) }))
  const index = dynamoIndex({ table: 'blocks', region: 'none', endpoint: service.url, credentials: { accessKeyId: 'none', secretAccessKey: 'none' }, carPath: path => path })

  return {
    read: reading(carSource({ store, index }), car.blockSize),
    requests: () => ({ index: service.requests(), car: store.calls.length })
  }
}

/** Reads each block as an object of its own: parts of the CAR stand for the objects. */
export function objectReader (car: MadeCar, places: Iterable<Place>): Reader {
  const files = fsStore({ folder: dirname(car.path) })
  const name = basename(car.path)
  const objects = new Map(Array.from(places, place => [base58btc.encode(place.multihash), place]))

  const blocks: ObjectStore = {
    async read (object) {
      const part = await files.read(name, objects.get(object))

      return part == null ? undefined : { bytes: part.bytes, size: part.bytes.byteLength }
    },
    stat: async () => undefined
  }
  const store = faultStore(blocks)

  return {
    read: reading(objectSource({ store, key: ({ multihash }) => base58btc.encode(multihash.bytes) }), car.blockSize),
    requests: () => ({ index: 0, car: store.calls.length })
  }
}

/** Reads by a fetcher of `@web3-storage/blob-fetcher`, which asks a service of content claims where blocks are. */
export function theirReader (create: typeof createFetcher, car: MadeCar, server: CountingServer, claims: CountingServer): Reader {
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

function reading (source: BlockSource, blockSize: number): Reader['read'] {
  return async cids => {
    let got = 0

    for await (const { bytes } of getMany(source, cids)) {
      got += Number(bytes?.byteLength === blockSize)
    }

    if (got !== cids.length) {
      throw new Error(`${got} of ${cids.length} blocks were read`)
    }
  }
}
