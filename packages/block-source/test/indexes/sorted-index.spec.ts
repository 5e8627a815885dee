import { expect } from 'aegir/chai'
import { create } from 'multiformats/hashes/digest'
import { sortedIndex } from '../../src/indexes/sorted-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { blocks, carV1, carV2, hex, mhIndex, sectionOffsets, sortedRows, uint } from '../fixtures/cars.ts'
import { counted } from '../fixtures/counted.ts'
import { readLocated } from '../fixtures/read-location.ts'
import type { SortedIndexInit } from '../../src/indexes/sorted-index.ts'
import type { CountedStore } from '../fixtures/counted.ts'

const ROWS = 200_000

/** An index of 200,000 rows, 8 MB; `top` returns the first 32 bits of a digest. */
function longIndex (top: (i: number) => number): { bytes: Uint8Array, multihash (row: number): Uint8Array } {
  const bytes = new Uint8Array(30 + ROWS * 40)
  bytes.set(hex('8108 01000000 1200000000000000 01000000 28000000'))
  bytes.set(uint(ROWS * 40, 8), 22)
  const view = new DataView(bytes.buffer)

  for (let i = 0; i < ROWS; i++) {
    view.setUint32(30 + i * 40, top(i))
    view.setUint32(34 + i * 40, i)
    view.setBigUint64(62 + i * 40, BigInt(i * 100), true)
  }

  return { bytes, multihash: row => create(0x12, bytes.slice(30 + row * 40, 62 + row * 40)).bytes }
}

/** Random digests, like those of a hash function. */
function randomTops (): (i: number) => number {
  let state = 1
  const values = new Uint32Array(ROWS).map(() => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0

    return state
  }).sort()

  return i => values[i]
}

function storeOf (index: Uint8Array): CountedStore {
  return counted(memoryStore({ objects: new Map([['a.idx', index], ['a', carV1([])]]) }))
}

describe('the reads of a lookup in a long index', () => {
  // too small to keep a page until the next lookup
  const cold: SortedIndexInit = { offsets: 'object', cacheLength: 70_000 }

  it('are one or two pages, once it is open', async () => {
    const { bytes, multihash } = longIndex(randomTops())
    const store = storeOf(bytes)
    const index = sortedIndex(store, 'a.idx', cold)
    await index.locate([multihash(0)])
    store.reads.length = 0

    for (let i = 0; i < 200; i++) {
      const row = (i * 7919) % ROWS
      expect(await index.locate([multihash(row)])).to.have.nested.property('[0][0].offset', row * 100)
    }

    expect(store.reads.length / 200).to.be.below(1.5)
    expect(store.reads.every(({ length }) => length === 65536)).to.equal(true)
  })

  it('are at most about twice those of a binary search, for any digests', async () => {
    const { bytes, multihash } = longIndex(i => i === ROWS - 1 ? 0xffffffff : 0)
    const store = storeOf(bytes)
    const index = sortedIndex(store, 'a.idx', cold)

    for (let i = 0; i < 100; i++) {
      const before = store.reads.length
      const row = (i * 7919) % ROWS
      expect(await index.locate([multihash(row)])).to.have.nested.property('[0][0].offset', row * 100)
      expect(store.reads.length - before).to.be.at.most(18)
    }
  })

  it('are none if the page is cached', async () => {
    const { bytes, multihash } = longIndex(randomTops())
    const store = storeOf(bytes)
    const index = sortedIndex(store, 'a.idx', { offsets: 'object' })
    await index.locate([multihash(1000)])
    const before = store.reads.length
    await index.locate([multihash(1001), multihash(1000), multihash(999)])

    expect(store.reads.length).to.equal(before)
  })

  it('are shared by lookups at the same time', async () => {
    const { bytes, multihash } = longIndex(randomTops())
    const store = storeOf(bytes)
    const index = sortedIndex(store, 'a.idx', { offsets: 'object' })
    await Promise.all(Array.from({ length: 100 }, async (_, i) => index.locate([multihash(1000 + i)])))

    expect(store.reads.length).to.be.at.most(4)
  })

  it('are bounded in memory', async () => {
    const { bytes, multihash } = longIndex(randomTops())
    const store = storeOf(bytes)
    const index = sortedIndex(store, 'a.idx', { offsets: 'object', cacheLength: 200_000 })
    const rows = Array.from({ length: 100 }, (_, i) => multihash(i * 2000))
    await index.locate(rows)
    const before = store.reads.length
    await index.locate(rows)

    // three pages are kept, and the others read again
    expect(store.reads.length - before).to.be.above(90)
  })
})

describe('the index beside a CAR', () => {
  it('is read whole in two reads if it is short, and tells where sections end', async () => {
    const all = await blocks(3000, 10)
    const offsets = sectionOffsets(all)
    const car = carV1(all)
    const store = counted(memoryStore({ objects: new Map([['a.car', car], ['a.car.idx', mhIndex(sortedRows(all, offsets))]]) }))
    const index = sortedIndex(store, 'a.car.idx')
    const located = await index.locate(all.map(({ multihash }) => multihash))

    expect(store.reads).to.deep.equal([
      { object: 'a.car.idx', offset: 0, length: 65536 },
      { object: 'a.car.idx', offset: 65536, length: 120_030 - 65536 },
      { object: 'a.car', offset: 0, length: 51 }
    ])

    for (const [i, one] of located.entries()) {
      expect(one).to.have.nested.property('[0].offset', offsets[i])
      expect(one).to.have.nested.property('[0].limit', (offsets[i + 1] ?? car.length) - offsets[i])
    }
  })

  it('returns two locations, one of them right, if its dialect is unknown and matters', async () => {
    const all = await blocks(3)
    const payload = carV1(all)
    const objects = new Map([['a.car', carV2({ payload })]])
    const store = memoryStore({ objects })
    const rows = sortedRows(all, sectionOffsets(all))

    for (const index of [mhIndex(rows), mhIndex(rows.map(([digest, offset]) => [digest, offset + 51]))]) {
      objects.set('a.car.idx', index)
      const located = await sortedIndex(store, 'a.car.idx').locate(all.map(({ multihash }) => multihash))

      for (const [i, { multihash, bytes }] of all.entries()) {
        expect(located[i]).to.have.lengthOf(2)
        expect(await readLocated(store, multihash, located[i])).to.deep.equal(bytes)
      }
    }
  })

  it('refuses invalid options', () => {
    const store = memoryStore()
    expect(() => sortedIndex(store, 'a', { offsets: 'car' as 'object' })).to.throw('offsets must be object, payload or either')
    expect(() => sortedIndex(store, 'a', { pageLength: 0 })).to.throw('pageLength must be a whole number above 0')
  })
})
