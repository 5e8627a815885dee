import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { carName } from '../../src/indexes/car-names.ts'
import { carV2Index } from '../../src/indexes/car-v2-index.ts'
import { dudewhereIndex } from '../../src/indexes/dudewhere-index.ts'
import { mergedIndex } from '../../src/indexes/merged-index.ts'
import { blockIndexName, multiIndex } from '../../src/indexes/multi-index.ts'
import { scanIndex } from '../../src/indexes/scan-index.ts'
import { sortedIndex } from '../../src/indexes/sorted-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { blockIndexTests } from '../../src/testing/block-index-tests.ts'
import { block, blocks, carV1, carV2, mhIndex, plainIndex, sectionOffsets, sortedRows } from '../fixtures/cars.ts'
import { cardexIndex, cardexMultiIndex } from '../fixtures/original-tools.ts'
import type { ObjectStore } from '../../src/object-store.ts'
import type { MakeIndex } from '../../src/testing/block-index-tests.ts'
import type { TestBlock } from '../fixtures/cars.ts'

async function someBlocks (): Promise<TestBlock[]> {
  return [...await blocks(120, 300), await block('')]
}

async function withObjects (objects: (all: readonly TestBlock[]) => Promise<Record<string, Uint8Array>>): Promise<{ blocks: TestBlock[], store: ObjectStore }> {
  const all = await someBlocks()

  return { blocks: all, store: memoryStore({ objects: new Map(Object.entries(await objects(all))) }) }
}

const scanned: MakeIndex = async wrap => {
  const subject = await withObjects(async all => ({ 'a.car': carV1(all) }))

  return { ...subject, index: scanIndex(wrap(subject.store), 'a.car') }
}

function inside (index: typeof mhIndex): MakeIndex {
  return async wrap => {
    const subject = await withObjects(async all => ({ 'a.car': carV2({ payload: carV1(all), index: index(sortedRows(all, sectionOffsets(all))) }) }))

    return { ...subject, index: carV2Index(wrap(subject.store), 'a.car') }
  }
}

function beside (init: Parameters<typeof sortedIndex>[2]): MakeIndex {
  return async wrap => {
    const subject = await withObjects(async all => ({ 'a.car': carV1(all), 'a.car.idx': await cardexIndex(carV1(all), '0x0401') }))

    return { ...subject, index: sortedIndex(wrap(subject.store), 'a.car.idx', init) }
  }
}

async function multi (all: readonly TestBlock[]): Promise<{ cars: Record<string, Uint8Array>, index: Uint8Array }> {
  const cars = [carV1(all.slice(0, 50)), carV1(all.slice(50))]
  const hashes = await Promise.all(cars.map(async car => sha256.digest(car)))

  return {
    cars: Object.fromEntries(cars.map((car, i) => [carName(hashes[i].bytes), car])),
    index: await cardexMultiIndex(cars.map((car, i) => [hashes[i], car, '0x0401'] as const))
  }
}

const many: MakeIndex = async wrap => {
  const subject = await withObjects(async all => {
    const { cars, index } = await multi(all)

    return { ...cars, idx: index }
  })

  return { ...subject, index: multiIndex(wrap(subject.store), 'idx') }
}

const oneEach: MakeIndex = async wrap => {
  const subject = await withObjects(async all => {
    const { cars, index } = await multi(all)

    return { ...cars, ...Object.fromEntries(all.map(({ multihash }) => [blockIndexName(multihash), index])) }
  })

  return { ...subject, index: multiIndex(wrap(subject.store), blockIndexName) }
}

const dudewhere: MakeIndex = async wrap => {
  const roots = new Map<string, Uint8Array>()
  const subject = await withObjects(async all => {
    const { cars, index } = await multi(all)
    const objects: Record<string, Uint8Array> = { ...cars, index }

    for (const [name, car] of Object.entries(cars)) {
      objects[`${name}.idx`] = await cardexIndex(car, '0x0401')

      for (const { cid } of all) {
        roots.set(`${CID.createV1(0x70, cid.multihash)}/${name.split('/')[0]}`, new Uint8Array())
      }
    }

    return objects
  })
  const index = dudewhereIndex({ dudewhere: wrap(memoryStore({ objects: roots })), satnav: wrap(subject.store), carStore: wrap(subject.store) })

  return { ...subject, index }
}

const folder: MakeIndex = async wrap => {
  const subject = await withObjects(async all => ({ 'a.car': carV1(all.slice(0, 50)), 'b.car': carV1(all.slice(50)) }))
  const store = wrap(subject.store)

  return { ...subject, index: mergedIndex([scanIndex(store, 'a.car'), scanIndex(store, 'b.car')]) }
}

blockIndexTests(scanned, { name: 'laws of an index: a scanned CAR' })
blockIndexTests(inside(mhIndex), { name: 'laws of an index: 0x0401 in a CARv2' })
blockIndexTests(inside(plainIndex), { name: 'laws of an index: 0x0400 in a CARv2' })
blockIndexTests(beside({}), { name: 'laws of an index: 0x0401 beside a CAR' })
blockIndexTests(beside({ pageLength: 1000, wholeLength: 1 }), { name: 'laws of an index: 0x0401 beside a CAR, by pages' })
blockIndexTests(beside({ complete: true, isolated: true }), { name: 'laws of an index: 0x0401 beside a CAR, checked, each lookup by itself' })
blockIndexTests(many, { name: 'laws of an index: 0x0402' })
blockIndexTests(oneEach, {
  name: 'laws of an index: 0x0402, one for each block',
  // a missing object means that the block has no index
  laws: { missing: false }
})
blockIndexTests(dudewhere, { name: 'laws of an index: DUDEWHERE with SATNAV' })
blockIndexTests(folder, { name: 'laws of an index: several CARs' })
