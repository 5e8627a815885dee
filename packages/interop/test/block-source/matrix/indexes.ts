import { createServer } from 'node:http'
import { carV2Index, createMapWriter, dudewhereIndex, dynamoIndex, indexService, mapIndex, mergedIndex, multiIndex, remoteIndex, scanCar, scanIndex, shardedDagIndex, sortedIndex } from '@kitsune/block-source'
import { write } from './backends.ts'
import { cardexIndex, cardexMultiIndex, shardedIndex, wrap } from './original-indexes.ts'
import type { Backend } from './backends.ts'
import type { CorpusCar } from './corpus.ts'
import type { DynamoTable } from './dynamo-table.ts'
import type { IndexCode } from './original-indexes.ts'
import type { BlockIndex, ListingStore } from '@kitsune/block-source'
import type { AddressInfo } from 'node:net'

/** CARs in a backend, and what else is at hand. */
export interface Setting {
  readonly backend: Backend
  readonly cars: readonly CorpusCar[]
  readonly table: DynamoTable
  /** Is called when the test has ended. */
  onStop (stop: () => Promise<void>): void
}

export interface IndexKind {
  readonly title: string
  /** Finds only what is beneath a root that the client has asked for. */
  readonly byRootOnly?: boolean
  /** Lists names. */
  readonly lists?: boolean
  /** Writes what the index needs, if anything. */
  make (setting: Setting): Promise<BlockIndex>
}

const CODES: readonly IndexCode[] = ['0x0400', '0x0401']

export const INDEXES: readonly IndexKind[] = [
  {
    title: 'without an index, scanned',
    make: async ({ backend: { store }, cars }) => mergedIndex(cars.map(({ name }) => scanIndex(store, name)))
  },
  ...CODES.map((code): IndexKind => ({
    title: `as CARv2 with ${code}`,
    async make ({ backend, cars }) {
      const names = cars.map(({ name }) => `v2-${code}/${name}`)

      for (const [i, car] of cars.entries()) {
        await write(backend, names[i], wrap(car, await cardexIndex(car, code)))
      }

      return mergedIndex(names.map(name => carV2Index(backend.store, name)))
    }
  })),
  ...CODES.map((code): IndexKind => ({
    title: `with ${code} beside each`,
    async make ({ backend, cars }) {
      for (const car of cars) {
        await write(backend, `${code}/${car.name}.idx`, await cardexIndex(car, code))
      }

      return mergedIndex(cars.map(({ name }) => sortedIndex(backend.store, `${code}/${name}.idx`, { car: name })))
    }
  })),
  {
    title: 'with a multi index, 0x0402',
    async make ({ backend, cars }) {
      await write(backend, 'multi.idx', await cardexMultiIndex(cars))

      return multiIndex(backend.store, 'multi.idx')
    }
  },
  {
    title: 'with DUDEWHERE and SATNAV',
    byRootOnly: true,
    lists: true,
    async make ({ backend, cars }) {
      for (const car of cars) {
        await write(backend, `${car.name}.idx`, await cardexIndex(car, '0x0401'))

        for (const root of car.roots) {
          await backend.files.put(`${root.toV1()}/${car.name.split('/')[0]}`, new Uint8Array())
        }
      }

      return dudewhereIndex({ dudewhere: backend.store as ListingStore, satnav: backend.store })
    }
  },
  {
    title: 'with a block map',
    make: async setting => mapOf(setting, 'map/')
  },
  {
    title: 'with a block map in another process',
    async make (setting) {
      const { url, stop } = await serve(indexService({ index: await mapOf(setting, 'remote/') }))
      setting.onStop(stop)

      return remoteIndex({ url })
    }
  },
  {
    title: 'with a sharded DAG index',
    async make ({ backend, cars }) {
      await write(backend, 'sharded.idx', await shardedIndex(cars))

      return shardedDagIndex(backend.store, 'sharded.idx')
    }
  },
  {
    title: 'with rows in DynamoDB, dynalite',
    make: async ({ table }) => dynamoIndex(table.init)
  }
]

async function mapOf ({ backend: { files, store }, cars }: Setting, prefix: string): Promise<BlockIndex> {
  await createMapWriter(files, { prefix }).add(cars.map(({ name }) => ({ name, blocks: () => scanCar(store, name) })))

  return mapIndex(store, { prefix, complete: true })
}

/** A web server for a handler of requests. */
async function serve (handle: (request: Request) => Promise<Response>): Promise<{ url: string, stop (): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = Buffer.concat(await incoming.toArray())
      const response = await handle(new Request(`http://localhost${incoming.url}`, { method: incoming.method, ...(incoming.method === 'POST' ? { body } : {}) }))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()))
    })().catch((err: Error) => { outgoing.destroy(err) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}
