import { expect } from 'aegir/chai'
import { equals } from 'multiformats/bytes'
import { sha256 } from 'multiformats/hashes/sha2'
import { carName } from '../../src/indexes/car-names.ts'
import { carV2Index } from '../../src/indexes/car-v2-index.ts'
import { multiIndex } from '../../src/indexes/multi-index.ts'
import { scanIndex } from '../../src/indexes/scan-index.ts'
import { sortedIndex } from '../../src/indexes/sorted-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks } from '../fixtures/cars.ts'
import { cardexIndex, cardexMultiIndex, cardexRows, goFixture, ipldCarFixture, readCar, writeCar } from '../fixtures/original-tools.ts'
import { readLocated } from '../fixtures/read-location.ts'
import type { BlockIndex, Location } from '../../src/block-index.ts'
import type { ObjectStore } from '../../src/object-store.ts'
import type { TestBlock } from '../fixtures/cars.ts'

function storeOf (objects: Record<string, Uint8Array>): ObjectStore {
  return memoryStore({ objects: new Map(Object.entries(objects)) })
}

/** Each block is found, and the bytes there are the block's. */
async function servesAll (index: BlockIndex, store: ObjectStore, all: readonly TestBlock[]): Promise<void> {
  const located = await index.locate(all.map(({ multihash }) => multihash))
  const bytes = await Promise.all(located.map(async (one, i) => readLocated(store, all[i].multihash, one)))

  expect(bytes.map(one => one?.slice())).to.deep.equal(all.map(one => one.bytes))
  expect(await index.locate([(await block('elsewhere')).multihash])).to.deep.equal([[]])
}

describe('files of go-car', () => {
  it('are scanned, a CARv1', async () => {
    const store = storeOf({ 'v1.car': await goFixture('v1.car') })
    await servesAll(scanIndex(store, 'v1.car'), store, await readCar(await goFixture('v1.car')))
  })

  for (const name of ['v2-0400.car', 'v2-0401.car', 'v2-padded.car']) {
    it(`are read by their own index and scanned, ${name}`, async () => {
      const car = await goFixture(name)
      const store = storeOf({ [name]: car })
      const all = await readCar(car)
      expect(all).to.have.lengthOf(29)

      await servesAll(carV2Index(store, name), store, all)
      await servesAll(carV2Index(store, name, { complete: true }), store, all)
      await servesAll(scanIndex(store, name), store, all)
    })
  }

  it('are scanned if they were never finalized, and refused by index', async () => {
    const store = storeOf({ 'a.car': await goFixture('v2-unfinalized.car') })
    const all = await readCar(await goFixture('v1.car'))

    await servesAll(scanIndex(store, 'a.car'), store, all)
    await expect(carV2Index(store, 'a.car').locate([all[0].multihash])).to.eventually.be.rejectedWith('this CARv2 has no index')
  })

  for (const name of ['v1-0400.car.idx', 'v1-0401.car.idx']) {
    it(`are read by a detached index, ${name}, as cardex reads it`, async () => {
      const index = await goFixture(name)
      const car = await goFixture('v1.car')
      const store = storeOf({ 'v1.car': car, [name]: index })
      const all = await readCar(car)

      for (const offsets of ['object', 'payload', 'either'] as const) {
        await servesAll(sortedIndex(store, name, { car: 'v1.car', offsets }), store, all)
      }

      expect(await cardexRows(index)).to.have.lengthOf(29)
    })
  }

  it('are read by a detached index whose offsets count from the payload', async () => {
    const car = await goFixture('v2-padded.car')
    const store = storeOf({ 'v2-padded.car': car, 'v2-padded.car.idx': await goFixture('v2-padded.car.idx') })
    const all = await readCar(car)

    await servesAll(sortedIndex(store, 'v2-padded.car.idx'), store, all)
    await servesAll(sortedIndex(store, 'v2-padded.car.idx', { offsets: 'payload' }), store, all)
    const [located] = await sortedIndex(store, 'v2-padded.car.idx', { offsets: 'object' }).locate([all[1].multihash])
    await expect(readLocated(store, all[1].multihash, located)).to.eventually.be.rejected()
  })

  it('are read by an index that cardex made, whose offsets count from the object', async () => {
    const car = await goFixture('v2-padded.car')
    const index = await cardexIndex(car, '0x0401')
    const store = storeOf({ 'a.car': car, 'a.car.idx': index })

    await servesAll(sortedIndex(store, 'a.car.idx'), store, await readCar(car))
    await servesAll(sortedIndex(store, 'a.car.idx', { offsets: 'object' }), store, await readCar(car))
  })
})

describe('files of @ipld/car and cardex', () => {
  it('are scanned', async () => {
    const all = [...await blocks(50, 1000), await block('')]
    const store = storeOf({ 'a.car': await writeCar(all) })
    await servesAll(scanIndex(store, 'a.car'), store, all)
  })

  it("are scanned, and read by an index, the fixture of @ipld/car's own tests", async () => {
    const car = await ipldCarFixture()
    const all = await readCar(car)
    const store = storeOf({ 'a.car': car, 'a.car.idx': await cardexIndex(car, '0x0401') })
    expect(all).to.have.lengthOf(8)

    await servesAll(scanIndex(store, 'a.car'), store, all)
    await servesAll(sortedIndex(store, 'a.car.idx'), store, all)
  })

  for (const kind of ['0x0400', '0x0401'] as const) {
    it(`are read by an index ${kind}, which cardex reads too`, async () => {
      const all = [...await blocks(50, 1000), await block(''), ...await readCar(await goFixture('v1.car'))]
      const car = await writeCar(all)
      const index = await cardexIndex(car, kind)
      const store = storeOf({ 'a.car': car, 'a.car.idx': index })

      await servesAll(sortedIndex(store, 'a.car.idx'), store, all)
      await servesAll(sortedIndex(store, 'a.car.idx', { pageLength: 61, wholeLength: 1, complete: true }), store, all)
      const rows = await cardexRows(index)
      expect(rows).to.have.lengthOf(all.length)

      for (const { multihash, cid } of all) {
        const [located] = await sortedIndex(store, 'a.car.idx').locate([multihash]) as Location[][]
        const offsets = rows.filter(row => equals(row.digest, cid.multihash.digest)).map(({ offset }) => offset)
        expect(located.map(({ offset }) => offset)).to.deep.equal(offsets.sort((a, b) => a - b))
      }
    })
  }

  it('are read by a multi index, which cardex reads too', async () => {
    const all = await blocks(60, 500)
    const cars = await Promise.all([all.slice(0, 20), all.slice(15, 40), all.slice(40)].map(writeCar))
    const hashes = await Promise.all(cars.map(async car => sha256.digest(car)))
    const index = await cardexMultiIndex(cars.map((car, i) => [hashes[i], car, i === 1 ? '0x0400' : '0x0401'] as const))
    const store = storeOf({ idx: index, ...Object.fromEntries(cars.map((car, i) => [carName(hashes[i].bytes), car])) })

    await servesAll(multiIndex(store, 'idx'), store, all)
    await servesAll(multiIndex(store, 'idx', { pageLength: 50, wholeLength: 1, offsets: 'object' }), store, all)
    expect(await multiIndex(store, 'idx').locate([all[17].multihash])).to.have.nested.property('[0].length', 2)
    expect(await cardexRows(index)).to.have.lengthOf(65)
  })
})
