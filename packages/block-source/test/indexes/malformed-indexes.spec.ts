import { expect } from 'aegir/chai'
import { create } from 'multiformats/hashes/digest'
import { carV2Index } from '../../src/indexes/car-v2-index.ts'
import { multiIndex } from '../../src/indexes/multi-index.ts'
import { scanIndex } from '../../src/indexes/scan-index.ts'
import { sortedIndex } from '../../src/indexes/sorted-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks, buckets, carV1, carV2, concat, hex, identity, mhIndex, plainIndex, sectionOffsets, sortedRows, uint } from '../fixtures/cars.ts'
import { failsCheaply } from '../fixtures/cost.ts'
import { counted } from '../fixtures/counted.ts'
import { readLocated } from '../fixtures/read-location.ts'
import type { BlockIndex } from '../../src/block-index.ts'
import type { SortedIndexInit } from '../../src/indexes/sorted-index.ts'
import type { CountedStore } from '../fixtures/counted.ts'

const EMPTY_SHA256 = create(0x12, new Uint8Array()).bytes
const HEAD_0401 = '8108 01000000 1200000000000000 01000000'

function storeOf (index: Uint8Array, car: Uint8Array = new Uint8Array(200)): CountedStore {
  return counted(memoryStore({ objects: new Map([['a.car', car], ['a.car.idx', index]]) }))
}

function indexOf (bytes: Uint8Array, init?: SortedIndexInit): BlockIndex {
  return sortedIndex(storeOf(bytes), 'a.car.idx', init)
}

describe('odd but valid indexes', () => {
  it('has an empty digest', async () => {
    const index = indexOf(hex(`${HEAD_0401} 08000000 0800000000000000 3b00000000000000`))

    expect(await index.locate([EMPTY_SHA256])).to.have.nested.property('[0][0].offset', 59)
    expect(await index.locate([(await block('x')).multihash])).to.deep.equal([[]])
  })

  it('is empty', async () => {
    for (const bytes of [hex('8108 00000000'), hex('8008 00000000'), hex('8008 01000000 28000000 0000000000000000'), hex('8208 00')]) {
      const index = bytes[0] === 0x82 ? multiIndex(storeOf(bytes), 'a.car.idx') : indexOf(bytes)
      expect(await index.locate([(await block('x')).multihash])).to.deep.equal([[]])
    }
  })

  it('has identity digests of several lengths', async () => {
    const all = ['a', 'abcde', 'x'.repeat(192)].map(identity)
    const car = carV1(all)
    const offsets = sectionOffsets(all)
    const rows = all.map(({ bytes }, i): [Uint8Array, number] => [bytes, offsets[i]])
    const store = storeOf(plainIndex(rows), car)
    const located = await sortedIndex(store, 'a.car.idx').locate(all.map(({ multihash }) => multihash))

    for (const [i, { multihash, bytes }] of all.entries()) {
      expect(await readLocated(store, multihash, located[i])).to.deep.equal(bytes)
    }
  })

  it('has several hash functions', async () => {
    const digest = new Uint8Array(32).fill(7)
    const index = indexOf(concat(hex('8108'), uint(2, 4), uint(0x12, 8), buckets([[digest, 61]]), uint(0xb220, 8), buckets([[digest, 99]])))

    expect(await index.locate([create(0xb220, digest).bytes])).to.have.nested.property('[0][0].offset', 99)
    expect(await index.locate([create(0x12, digest).bytes])).to.have.nested.property('[0][0].offset', 61)
    expect(await index.locate([create(0x13, digest).bytes])).to.deep.equal([[]])
  })

  it('has a block at several positions', async () => {
    const digest = new Uint8Array(32).fill(7)
    const other = new Uint8Array(32).fill(8)
    const rows = Array.from({ length: 100 }, (_, i): [Uint8Array, number] => [digest, 1000 - i])
    const init: SortedIndexInit = { offsets: 'object', pageLength: 100, maxLocations: 7 }
    const index = indexOf(mhIndex([[new Uint8Array(32), 1], ...rows, [other, 2]]), init)

    expect(await index.locate([create(0x12, digest).bytes])).to.have.nested.property('[0].length', 7)
    expect(await index.locate([create(0x12, other).bytes])).to.have.nested.property('[0][0].offset', 2)
  })

  it('is not in order', async () => {
    const all = await blocks(40)
    const rows = sortedRows(all, sectionOffsets(all)).reverse()
    const store = storeOf(mhIndex(rows), carV1(all))
    const located = await sortedIndex(store, 'a.car.idx').locate(all.map(({ multihash }) => multihash))

    for (const [i, { multihash, bytes }] of all.entries()) {
      expect(await readLocated(store, multihash, located[i])).to.deep.equal(bytes)
    }
  })
})

describe('a long index that is not in order', () => {
  async function longIndex (): Promise<[Array<[Uint8Array, number]>, Uint8Array[]]> {
    const digests = Array.from({ length: 40_000 }, (_, i) => {
      const digest = new Uint8Array(32)
      new DataView(digest.buffer).setUint32(0, i * 100_000)

      return digest
    })

    return [digests.map((digest, i): [Uint8Array, number] => [digest, i]), digests]
  }

  it('is refused if the search reads rows out of order', async () => {
    const [rows, digests] = await longIndex()
    const index = indexOf(mhIndex(rows.reverse()), { offsets: 'object' })

    await expect(index.locate([create(0x12, digests[0]).bytes])).to.eventually.be.rejectedWith('not in order')
  })

  it('never claims to be complete if the search does not read them', async () => {
    const [rows, digests] = await longIndex()
    // two halves of which each is in order
    const bytes = mhIndex([...rows.slice(20_000), ...rows.slice(0, 20_000)])
    const multihash = create(0x12, digests[1000]).bytes

    expect(indexOf(bytes, { offsets: 'object' }).complete).to.equal(false)
    await expect(indexOf(bytes, { offsets: 'object', complete: true }).locate([multihash])).to.eventually.be.rejectedWith('row 20000 is less')
  })
})

describe('malformed indexes', () => {
  const files: Record<string, [bytes: Uint8Array, offset: number, reason: string]> = {
    'an empty object': [hex(''), 0, 'the object ends at 0'],
    'a width of 0': [hex(`${HEAD_0401} 00000000 0800000000000000 3b00000000000000`), 18, 'rows of 0 bytes'],
    'a width of 7': [hex(`${HEAD_0401} 07000000 0700000000000000 3b000000000000`), 18, 'rows of 7 bytes'],
    'rows of 2^40 bytes': [hex(`${HEAD_0401} 28000000 0000000000010000`), 18, 'go beyond the end'],
    'rows of 2^63 bytes': [hex(`${HEAD_0401} 28000000 0000000000000080`), 18, 'go beyond the end'],
    'rows that end within one': [concat(hex(`${HEAD_0401} 28000000 2900000000000000`), new Uint8Array(41)), 18, 'not a multiple'],
    '2^32 - 1 hash functions': [hex('8108 ffffffff'), 2, '4294967295 hash functions'],
    '2^32 - 1 widths': [hex('8008 ffffffff 28000000'), 2, '4294967295 widths'],
    'a hash function beyond 2^53': [hex('8108 01000000 ffffffffffffffff 00000000'), 6, 'beyond 2^53'],
    'half a head': [hex('8108 01000000 1200000000000000 01000000 2800'), 14, '1 widths'],
    'an offset of 2^64 - 1': [concat(hex(`${HEAD_0401} 28000000 2800000000000000`), new Uint8Array(32), hex('ffffffffffffffff')), 30, 'beyond 2^53'],
    'an offset of 2^53 + 1': [concat(hex(`${HEAD_0401} 28000000 2800000000000000`), new Uint8Array(32), hex('0100000000002000')), 30, 'beyond 2^53'],
    'another codec': [hex('8308 00000000'), 0, 'is 0x403'],
    'a multi index': [hex('8208 00'), 0, 'is 0x402'],
    'a CAR': [carV1([]), 0, 'is 0x11'],
    'no varint': [hex('ffffffffffffffffffff'), 0, 'not a varint']
  }

  for (const [name, [bytes, offset, reason]] of Object.entries(files)) {
    it(`fail with ${name}`, async () => {
      const store = storeOf(bytes)
      const multihash = create(0x12, new Uint8Array(32)).bytes
      const error = await failsCheaply(async () => sortedIndex(store, 'a.car.idx').locate([multihash]))

      expect(error).to.have.property('name', 'MalformedIndexError')
      expect(error.message).to.include(`a.car.idx, offset ${offset}: `)
      expect(error.message).to.include(reason)
    })
  }

  it('fail for a while without being read again', async () => {
    let now = 1
    const store = storeOf(hex('8308 00000000'))
    const index = sortedIndex(store, 'a.car.idx', { now: () => now })

    for (const [time, reads] of [[1, 1], [59_000, 1], [60_002, 2]]) {
      now = time
      await expect(index.locate([EMPTY_SHA256])).to.eventually.be.rejected.with.property('name', 'MalformedIndexError')
      expect(store.reads).to.have.lengthOf(reads)
    }
  })

  const multis: Record<string, [bytes: Uint8Array, reason: string]> = {
    '2^40 CARs': [hex('8208 808080808020 1200'), '1099511627776 CARs'],
    'a digest of 4 GiB': [hex('8208 01 12 ffffffff0f 8108000000008108'), 'a digest of 4294967295 bytes'],
    'a multi index in it': [hex('8208 01 1200 8208 00 000000'), 'is 0x402'],
    'fewer CARs than it says': [concat(hex('8208 02 1200'), mhIndex([])), 'the object ends']
  }

  for (const [name, [bytes, reason]] of Object.entries(multis)) {
    it(`fail with ${name}`, async () => {
      const store = storeOf(bytes)
      const error = await failsCheaply(async () => multiIndex(store, 'a.car.idx').locate([EMPTY_SHA256]))

      expect(error).to.have.property('name', 'MalformedIndexError')
      expect(error.message).to.include(reason)
    })
  }

  it('fail if they or the CAR are missing', async () => {
    const { multihash } = await block('x')
    await expect(sortedIndex(storeOf(hex('')), 'b.car.idx').locate([multihash])).to.eventually.be.rejected.with.property('name', 'ObjectMissingError')
    await expect(multiIndex(storeOf(hex('')), 'b').locate([multihash])).to.eventually.be.rejected.with.property('name', 'ObjectMissingError')
    expect(await multiIndex(storeOf(hex('')), () => 'b').locate([multihash])).to.deep.equal([[]])
    await expect(sortedIndex(storeOf(mhIndex([[multihash.slice(2), 59]])), 'a.car.idx', { car: 'c' }).locate([multihash])).to.eventually.be.rejected.with.property('name', 'ObjectMissingError')
  })
})

describe('the index of a CARv2', () => {
  async function indexOfCar (car: Uint8Array): Promise<BlockIndex> {
    return carV2Index(storeOf(hex(''), car), 'a.car')
  }

  it('counts from the payload at any position', async () => {
    const all = await blocks(20)

    for (const dataOffset of [51, 4096, 100_000]) {
      const car = carV2({ payload: carV1(all), index: mhIndex(sortedRows(all, sectionOffsets(all))), dataOffset })
      const store = storeOf(hex(''), car)
      const located = await carV2Index(store, 'a.car').locate(all.map(({ multihash }) => multihash))

      for (const [i, { multihash, bytes }] of all.entries()) {
        expect(await readLocated(store, multihash, located[i])).to.deep.equal(bytes)
      }
    }
  })

  it('does not claim to be complete, even if the CAR does', async () => {
    const all = await blocks(2)
    const car = carV2({ payload: carV1(all), index: mhIndex(sortedRows(all.slice(0, 1), sectionOffsets(all))), fullyIndexed: true })
    const index = await indexOfCar(car)

    expect(index.complete).to.equal(false)
    expect(await index.locate([all[1].multihash])).to.deep.equal([[]])
    expect(scanIndex(storeOf(hex(''), car), 'a.car').complete).to.equal(true)
    expect(await scanIndex(storeOf(hex(''), car), 'a.car').locate([all[1].multihash])).to.have.nested.property('[0].length', 1)
  })

  it('fails if there is none, or if its position is impossible', async () => {
    const all = await blocks(2)
    const payload = carV1(all)
    const index = mhIndex(sortedRows(all, sectionOffsets(all)))

    for (const [car, reason] of [
      [payload, 'a CARv1 has no index'],
      [carV2({ payload }), 'this CARv2 has no index'],
      [carV2({ payload, dataSize: 0, index }), 'this CARv2 has no index'],
      [carV2({ payload, indexOffset: 10_000 }), 'says that the index begins at 10000'],
      [carV2({ payload, indexOffset: 2 ** 52 }), 'says that the index begins at 4503599627370496'],
      [carV2({ payload, index, indexOffset: 60 }), 'inside the header or the blocks'],
      [carV2({ payload, index, indexOffset: 11 }), 'inside the header or the blocks'],
      [carV2({ payload, index: index.slice(0, -1) }), 'go beyond the end']
    ] as const) {
      await expect((await indexOfCar(car)).locate([all[0].multihash])).to.eventually.be.rejectedWith(reason)
    }
  })

  it('fails only for the block whose offset is beyond the payload', async () => {
    const all = await blocks(2)
    const payload = carV1(all)
    const offsets = [payload.length, sectionOffsets(all)[1]]
    const index = await indexOfCar(carV2({ payload, index: mhIndex(sortedRows(all, offsets)) }))
    const located = await index.locate(all.map(({ multihash }) => multihash))

    expect(located[0]).to.have.property('name', 'MalformedIndexError')
    expect(located[1]).to.have.lengthOf(1)
  })

  it('is opened again when the CAR has changed', async () => {
    const all = await blocks(2000)
    const objects = new Map<string, Uint8Array>()
    const store = memoryStore({ objects })

    const put = (some: typeof all): void => {
      objects.set('a.car', carV2({ payload: carV1(some), index: mhIndex(sortedRows(some, sectionOffsets(some))) }))
    }

    put(all)
    const index = carV2Index(store, 'a.car', { wholeLength: 1, pageLength: 1000 })
    await index.locate([all[0].multihash])
    put(all.slice(1))

    const [located] = await index.locate([all[1000].multihash])
    expect(await readLocated(store, all[1000].multihash, located)).to.deep.equal(all[1000].bytes)
  })
})
