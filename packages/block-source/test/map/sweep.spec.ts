import { expect } from 'aegir/chai'
import { mapIndex } from '../../src/map/map-index.ts'
import { createMapWriter } from '../../src/map/map-writer.ts'
import { memoryMapStore } from '../../src/map/memory-map-store.ts'
import { blocks } from '../fixtures/cars.ts'
import { carOf } from './fixtures.ts'
import type { MapStore } from '../../src/map/map-store.ts'

const DAY = 86_400_000

describe('shards that a writer has left behind', () => {
  let objects: Map<string, Uint8Array>
  let store: MapStore
  let now: number
  const init = { now: () => now }

  beforeEach(async () => {
    objects = new Map()
    store = memoryMapStore(objects)
    now = 1.8e12
    const all = await blocks(6)
    await createMapWriter(store, init).add([carOf('a', all.slice(0, 3))])
    // dies between the shard and the root
    const dying: MapStore = {
      ...store,
      async put (object, ...rest) {
        if (object.endsWith('root')) {
          throw new Error('killed')
        }

        await store.put(object, ...rest)
      }
    }
    await expect(createMapWriter(dying, init).add([carOf('b', all.slice(3))])).to.eventually.be.rejectedWith('killed')
  })

  const shards = (): string[] => [...objects.keys()].filter(name => name.endsWith('.rows'))

  it('are removed a day later, and no others', async () => {
    objects.set('map/0123.rows', new Uint8Array(100))
    expect(shards()).to.have.lengthOf(3)
    now += DAY
    await createMapWriter(store, init).compact()
    expect(shards()).to.have.lengthOf(3)

    now += 1
    await createMapWriter(store, init).compact()
    expect(shards()).to.have.lengthOf(2)
    expect(shards()).to.include('map/0123.rows')
    const [located] = await mapIndex(store).locate([(await blocks(1))[0].multihash])
    expect(located).to.have.lengthOf(1)
  })

  it('are left if the store cannot list', async () => {
    now += 2 * DAY
    await createMapWriter({ ...store, list: undefined }, init).compact()
    expect(shards()).to.have.lengthOf(2)
  })

  it('are never listed by a writer that was suspended for so long that they may have been removed', async () => {
    const slow: MapStore = {
      ...store,
      async put (object, ...rest) {
        await store.put(object, ...rest)
        now += DAY
      }
    }
    await expect(createMapWriter(slow, init).add([carOf('b', (await blocks(6)).slice(3))])).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
    expect(await createMapWriter(store, init).list()).to.deep.equal(['a'])
  })
})
