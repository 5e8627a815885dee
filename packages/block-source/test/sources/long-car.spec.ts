import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { carSource, createMapWriter, mapIndex, memoryMapStore, memoryStore, scanCar, scanIndex, sortedIndex } from '../../src/index.ts'
import { folderMapStore } from '../../src/map/folder-map-store.ts'
import { run } from '../cli/context.ts'
import { mhIndex } from '../fixtures/cars.ts'
import { longCar, longCarStore } from '../fixtures/long-car.ts'
import type { BlockIndex, ObjectStore } from '../../src/index.ts'
import type { LongCar } from '../fixtures/long-car.ts'

describe('a CAR of more than 4 GiB', function () {
  this.timeout(60_000)

  let car: LongCar
  let store: ObjectStore

  before(async () => {
    car = await longCar()
    store = longCarStore('long.car', car)
  })

  const indexes: Record<string, () => Promise<BlockIndex>> = {
    'a scan': async () => scanIndex(store, 'long.car'),
    async 'an index beside it' () {
      const index = mhIndex([[car.last.cid.multihash.digest, car.lastOffset]])

      return sortedIndex(memoryStore({ objects: new Map([['long.car.idx', index]]) }), 'long.car.idx', { offsets: 'object' })
    },
    async 'a block map' () {
      const map = memoryMapStore()
      await createMapWriter(map).add([{ name: 'long.car', blocks: () => scanCar(store, 'long.car') }])

      return mapIndex(map)
    }
  }

  async function findsTheLast (make: () => Promise<BlockIndex>): Promise<void> {
    const source = carSource({ store, index: await make() })
    expect(await source.get(car.last.cid)).to.deep.equal(car.last.bytes)
    expect(await source.stat?.(car.last.cid)).to.deep.equal({ size: car.last.bytes.byteLength })
  }

  for (const [name, make] of Object.entries(indexes)) {
    it(`has blocks after the first 4 GiB, which ${name} finds`, async () => findsTheLast(make))
  }

  if (process.env.KITSUNE_FULL === '1') {
    it('can be added and checked by kitsune-index, and then be read', async function () {
      this.timeout(600_000)
      const folder = await mkdtemp(join(tmpdir(), 'kitsune-long-'))

      try {
        const path = join(folder, 'long.car')
        await writeSparse(path, car)
        const target = join(folder, 'target')
        const { code, reports: [added] } = await run(['add', path, '--to', target, '--json'])
        expect(code).to.equal(0)
        expect(added).to.include({ action: 'added', bytes: car.size, blocks: car.parts.length - 1 })
        expect((await run(['check', target])).code).to.equal(0)

        const store = folderMapStore({ folder: target })
        const source = carSource({ store, index: mapIndex(store, { complete: true }) })
        expect(await source.get(car.last.cid)).to.deep.equal(car.last.bytes)
        expect(await source.get(car.filling.cid)).to.have.lengthOf(car.filling.bytes.byteLength)
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  }
})

/** A file with holes where there are zeros. */
async function writeSparse (path: string, { size, parts }: LongCar): Promise<void> {
  const file = await open(path, 'w')

  try {
    await file.truncate(size)

    for (const [offset, bytes] of parts) {
      await file.write(bytes, 0, bytes.byteLength, offset)
    }
  } finally {
    await file.close()
  }
}
