import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { from } from 'multiformats/hashes/hasher'
import { carSource } from '../../src/index.ts'
import { scanIndex } from '../../src/indexes/scan-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks, carV1, concat, section } from '../fixtures/cars.ts'
import { counted } from '../fixtures/counted.ts'
import type { Located, Location } from '../../src/block-index.ts'
import type { CountedStore } from '../fixtures/counted.ts'

function storeOf (car: Uint8Array): CountedStore {
  return counted(memoryStore({ objects: new Map([['a.car', car]]) }))
}

/** The bytes at the first location. */
function bytesAt (car: Uint8Array, located: Located): Uint8Array {
  const [{ offset, length = 0 }] = located as Location[]

  return car.slice(offset, offset + length)
}

describe('the index of a scanned CAR', () => {
  it('finds all blocks and reads the CAR once', async () => {
    const all = await blocks(1000, 1000)
    const car = carV1(all)
    const store = storeOf(car)
    const index = scanIndex(store, 'a.car')
    const results = await Promise.all(all.map(async ({ multihash }) => index.locate([multihash])))

    expect(results.map(([located]) => bytesAt(car, located))).to.deep.equal(all.map(({ bytes }) => bytes))
    expect(store.bytes).to.be.at.most(car.length)
    expect(new Set(store.reads.map(({ offset }) => offset)).size).to.equal(store.reads.length)
  })

  it('recognises absent blocks', async () => {
    const index = scanIndex(storeOf(carV1(await blocks(10))), 'a.car')
    const { multihash } = await block('elsewhere')

    expect(index.complete).to.equal(true)
    expect(await index.locate([multihash])).to.deep.equal([[]])
  })

  it('hashes no block except those that are read', async () => {
    let hashed = 0
    const hasher = from({
      name: 'counted',
      code: 0x300_001,
      encode (bytes) {
        hashed++

        return bytes.slice(0, 20)
      }
    })
    const all = await Promise.all((await blocks(50)).map(async ({ bytes }) => {
      const hash = await hasher.digest(bytes)

      return { cid: CID.createV1(0x55, hash), multihash: hash.bytes, bytes }
    }))
    const store = storeOf(carV1(all))
    const index = scanIndex(store, 'a.car')
    hashed = 0
    expect(await index.locate([all[49].multihash, (await block('elsewhere')).multihash])).to.have.nested.property('[0].length', 1)
    expect(hashed).to.equal(0)

    expect(await carSource({ store, index, hashers: [hasher] }).get(all[49].cid)).to.deep.equal(all[49].bytes)
    expect(hashed).to.equal(1)
  })

  it('reads no further than the blocks that are looked up', async () => {
    const all = await blocks(1000, 1000)
    const store = storeOf(carV1(all))
    const index = scanIndex(store, 'a.car')
    await index.locate([all[0].multihash])
    expect(store.reads).to.have.lengthOf(1)

    await index.locate([all[999].multihash, all[1].multihash])
    expect(store.reads.length).to.be.above(1)
  })

  it('finds a block at each of its positions, up to a limit', async () => {
    const all = await blocks(3)
    const car = carV1([all[0], all[1], all[0], all[2], all[0]])
    const [located] = await scanIndex(storeOf(car), 'a.car', { maxLocations: 2 }).locate([all[0].multihash])
    // what follows is only known once it has been read
    expect(located).to.have.lengthOf(2)
    expect(bytesAt(car, located)).to.deep.equal(all[0].bytes)
  })

  it('finds blocks before a fault, and fails for all others', async () => {
    const all = await blocks(3)
    const index = scanIndex(storeOf(concat(carV1(all), new Uint8Array([5]), section(all[0]))), 'a.car')
    const { multihash } = await block('elsewhere')
    const [known, unknown] = await index.locate([all[2].multihash, multihash])

    expect(known).to.have.lengthOf(1)
    expect(unknown).to.have.property('name', 'MalformedCarError')
    await expect(index.locate([multihash])).to.eventually.be.rejected.with.property('name', 'MalformedCarError')
  })

  it('resumes after a failure of the store', async () => {
    const all = await blocks(1000, 1000)
    const store = storeOf(carV1(all))
    const index = scanIndex(store, 'a.car')
    store.fault = (_, offset) => offset > 500_000 ? new Error('503') : undefined
    await expect(index.locate([all[999].multihash])).to.eventually.be.rejectedWith('503')

    const before = store.reads.length
    store.fault = undefined
    expect(await index.locate([all[999].multihash])).to.have.nested.property('[0].length', 1)
    expect(store.reads.slice(before)[0].offset).to.be.above(500_000)
  })

  it('continues for one client when another has left', async () => {
    const all = await blocks(1000, 1000)
    const index = scanIndex(storeOf(carV1(all)), 'a.car')
    const leaves = new AbortController()
    const left = index.locate([all[999].multihash], { signal: leaves.signal })
    const stays = index.locate([all[999].multihash])
    leaves.abort(new Error('left'))

    await expect(left).to.eventually.be.rejectedWith('left')
    expect(await stays).to.have.nested.property('[0].length', 1)
  })

  it('does not await a promise of another lookup if that is not allowed', async () => {
    const all = await blocks(1000, 1000)
    const inner = storeOf(carV1(all))
    let reads = 0
    const store: CountedStore = {
      ...inner,
      // the first request is lost: nothing that it awaits ever ends
      read: async (object, options) => ++reads === 1 ? new Promise<undefined>(() => {}) : inner.read(object, options)
    }
    const index = scanIndex(store, 'a.car', { isolated: true })
    void index.locate([all[999].multihash])

    expect(await index.locate([all[999].multihash])).to.have.nested.property('[0].length', 1)
  })

  it('stops before it exceeds its memory limit', async () => {
    const all = await blocks(2000)
    const index = scanIndex(storeOf(carV1(all)), 'a.car', { maxMemory: 20_000 })

    await expect(index.locate([all[1999].multihash])).to.eventually.be.rejected.with.property('name', 'ObjectTooLargeError')
    expect(await index.locate([all[0].multihash])).to.have.nested.property('[0].length', 1)
  })
})
