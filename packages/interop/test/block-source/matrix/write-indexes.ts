import { createServer } from 'node:http'
import { createMapWriter, indexService, mapIndex, memoryMapStore, memoryStore, scanCar } from '@kitsune/block-source'
import { cardexIndex, cardexMultiIndex, shardedIndex, wrap } from './original-indexes.ts'
import type { CorpusCar } from './corpus.ts'
import type { AddressInfo } from 'node:net'

/** A place to write objects to. */
export type Write = (object: string, bytes: Uint8Array) => Promise<void>

/** Writes CARs, and everything that their indexes need. */
export async function writeCars (cars: readonly CorpusCar[], map: ReadonlyMap<string, Uint8Array>, write: Write): Promise<void> {
  for (const car of cars) {
    const [plain, withHashes] = [await cardexIndex(car, '0x0400'), await cardexIndex(car, '0x0401')]
    await write(car.name, car.bytes)
    await write(`v2-0x0400/${car.name}`, wrap(car, plain))
    await write(`v2-0x0401/${car.name}`, wrap(car, withHashes))
    await write(`0x0400/${car.name}.idx`, plain)
    await write(`0x0401/${car.name}.idx`, withHashes)
    // SATNAV and DUDEWHERE
    await write(`${car.name}.idx`, withHashes)

    for (const root of car.roots) {
      await write(`${root.toV1()}/${car.name.split('/')[0]}`, new Uint8Array())
    }
  }

  for (const [name, bytes] of map) {
    await write(name, bytes)
  }

  await write('multi.idx', await cardexMultiIndex(cars))
  await write('sharded.idx', await shardedIndex(cars))
}

/** The objects of a block map of CARs. */
export async function mapOf (cars: readonly CorpusCar[]): Promise<Map<string, Uint8Array>> {
  const objects = new Map<string, Uint8Array>()
  const store = memoryStore({ objects: new Map(cars.map(({ name, bytes }) => [name, bytes])) })
  await createMapWriter(memoryMapStore(objects)).add(cars.map(({ name }) => ({ name, blocks: () => scanCar(store, name) })))

  return objects
}

/** A service of an index. */
export interface ServedIndex {
  readonly url: string
  stop (): Promise<void>
}

/** Serves a block map over HTTP, as another process would. */
export async function serveMap (objects: ReadonlyMap<string, Uint8Array>): Promise<ServedIndex> {
  const handle = indexService({ index: mapIndex(memoryStore({ objects }), { complete: true }) })
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
