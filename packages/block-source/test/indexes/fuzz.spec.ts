import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { create } from 'multiformats/hashes/digest'
import { carV2Index } from '../../src/indexes/car-v2-index.ts'
import { multiIndex } from '../../src/indexes/multi-index.ts'
import { scanIndex } from '../../src/indexes/scan-index.ts'
import { sortedIndex } from '../../src/indexes/sorted-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks, carV1, carV2, concat, hex, identity, mhIndex, plainIndex, sectionOffsets, sortedRows, uint } from '../fixtures/cars.ts'
import { counted } from '../fixtures/counted.ts'
import { simpleCar, simpleIndex, simpleMultiIndex } from '../fixtures/independent-reader.ts'
import { mutate, mutation } from '../fixtures/mutations.ts'
import type { BlockIndex, Located, Location } from '../../src/block-index.ts'
import type { TestBlock } from '../fixtures/cars.ts'
import type { SimpleCar, SimpleRow } from '../fixtures/independent-reader.ts'

/** 12,000 files in all, or 100,000 for `npm run test:full`. */
const RUNS = process.env.KITSUNE_FULL === '1' ? 34_000 : 4_000

/** The same for each run; a failure prints the seed and the path that repeat it. */
const PARAMETERS = { seed: 20_261_126, numRuns: RUNS }

/** Random files take at most this long, however many. */
const TIMEOUT = 30 * RUNS

async function someBlocks (): Promise<TestBlock[]> {
  const v0 = await block('of version 0', 0x70)

  return [...await blocks(12, 30), await block(''), { ...v0, cid: v0.cid.toV0() }, identity('abc'), ...await blocks(1, 30)]
}

/** The answer of an index for one block; if the lookup fails, the error. */
async function ask (index: BlockIndex, multihash: Uint8Array): Promise<Located> {
  return index.locate([multihash]).then(([located]) => located, (err: Error) => err)
}

function rowsOf (rows: readonly SimpleRow[], multihash: Uint8Array): bigint[] {
  const code = BigInt(multihash[0])
  const digest = Buffer.from(multihash.subarray(2)).toString('hex')
  const offsets = rows.filter(row => (row.code === '*' || row.code === code) && row.digest === digest).map(({ offset }) => offset)

  return [...new Set(offsets)].sort((a, b) => a < b ? -1 : 1)
}

function isMalformed (located: Located): boolean {
  return located instanceof Error && ['MalformedIndexError', 'MalformedCarError'].includes(located.name)
}

describe('mutated CARs', () => {
  it('have the sections that an independent reader finds', async function () {
    this.timeout(TIMEOUT)
    const all = await someBlocks()
    const payload = carV1(all)
    const files = [payload, carV2({ payload }), carV2({ payload, index: mhIndex([]) }), concat(payload, new Uint8Array(100))]
    const absent = (await block('elsewhere')).multihash

    await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.array(mutation, { minLength: 1, maxLength: 3 }), async (file, mutations) => {
      const car = mutate(file, mutations)
      const store = counted(memoryStore({ objects: new Map([['a.car', car]]) }))
      const index = scanIndex(store, 'a.car', { readLength: 4200 })
      const simple = simpleCar(car)

      for (const { multihash } of [...all, { multihash: absent }]) {
        checkScan(simple, multihash, await ask(index, multihash))
      }

      expect(store.bytes).to.be.at.most(2 * 4200 + 2 * car.length)
    }), PARAMETERS)
  })

  function checkScan (simple: SimpleCar | 'no car', multihash: Uint8Array, located: Located): void {
    // the other reader does not read the CBOR of the header, so only the scanner reports a fault there
    if (simple === 'no car' || (located instanceof Error && located.message.includes('header'))) {
      expect(isMalformed(located)).to.equal(true)

      return
    }

    const places = simple.sections.filter(section => section.multihash === Buffer.from(multihash).toString('hex'))

    if (places.length === 0 && simple.fault) {
      expect(isMalformed(located)).to.equal(true)

      return
    }

    if (located instanceof Error) {
      // a root or a version that the other reader does not check
      expect(isMalformed(located) && (located as { offset?: number }).offset).to.satisfy((offset: number) => offset <= (simple.sections[0]?.offset ?? Infinity))

      return
    }

    // later places of a block are known once they have been read
    expect(places.slice(0, Math.max(located.length, Math.min(places.length, 1))).map(({ blockOffset, length }) => [blockOffset, length]))
      .to.deep.equal(located.map(({ offset, length }) => [offset, length]))
  }
})

describe('mutated indexes', () => {
  it('have the rows that an independent reader finds', async function () {
    this.timeout(TIMEOUT)
    const all = await someBlocks()
    const rows = sortedRows(all, sectionOffsets(all))
    const many = concat(hex('8108'), uint(2, 4), uint(0, 8), plainIndex(rows.filter(([digest]) => digest.length === 3)).subarray(2), uint(0x12, 8), plainIndex(rows.filter(([digest]) => digest.length === 32)).subarray(2))
    const files = [mhIndex(rows.filter(([digest]) => digest.length === 32)), plainIndex(rows), many]

    await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.constantFrom(37, 100, 65536), fc.boolean(), async (file, mutations, pageLength, complete) => {
      const bytes = mutate(file, mutations)
      const store = counted(memoryStore({ objects: new Map([['a.idx', bytes]]) }))
      const index = sortedIndex(store, 'a.idx', { offsets: 'object', pageLength, complete, wholeLength: pageLength === 100 ? 1 : 1000 })
      const simple = simpleIndex(bytes)

      for (const { multihash } of all) {
        checkIndex(simple, multihash, complete, await ask(index, multihash))
      }

      expect(store.bytes).to.be.at.most(bytes.length + 200)
    }), PARAMETERS)
  })

  function checkIndex (simple: ReturnType<typeof simpleIndex>, multihash: Uint8Array, complete: boolean, located: Located): void {
    const offsets = simple == null ? [] : rowsOf(simple.rows, multihash)

    if (simple == null || (complete && !simple.sorted) || offsets.some(offset => offset > BigInt(Number.MAX_SAFE_INTEGER))) {
      expect(isMalformed(located)).to.equal(true)
    } else if (simple.sorted) {
      expect((located as Location[]).map(({ offset }) => BigInt(offset))).to.deep.equal(offsets.slice(0, 10))
    } else if (!(located instanceof Error)) {
      // if the rows of an index that does not claim to be complete are out of order, some may be missed, but none are made up
      expect(offsets).to.include.members(located.map(({ offset }) => BigInt(offset)))
    }
  }

  it('of CARv2s have the rows that an independent reader finds', async function () {
    this.timeout(TIMEOUT)
    const all = await someBlocks()
    const rows = sortedRows(all, sectionOffsets(all))
    const payload = carV1(all)
    const files = [mhIndex(rows.filter(([digest]) => digest.length === 32)), plainIndex(rows)].map(index => carV2({ payload, index }))

    await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.array(mutation, { minLength: 1, maxLength: 3 }), async (file, mutations) => {
      const car = mutate(file, mutations)
      const store = memoryStore({ objects: new Map([['a.car', car]]) })
      const index = carV2Index(store, 'a.car', { pageLength: 100 })
      const view = new DataView(car.buffer, car.byteOffset, car.byteLength)
      const start = car.length < 51 ? 0n : view.getBigUint64(27, true)
      const indexOffset = car.length < 51 ? 0n : view.getBigUint64(43, true)
      const simple = indexOffset > 0n && indexOffset < BigInt(car.length) ? simpleIndex(car, Number(indexOffset)) : undefined

      for (const { multihash } of all) {
        const located = await ask(index, multihash)
        const offsets = simple == null ? [] : rowsOf(simple.rows, multihash).map(offset => offset + (start === 0n ? 51n : start))

        if (located instanceof Error) {
          expect(isMalformed(located)).to.equal(true)
        } else if (simple?.sorted === true) {
          expect(located.map(({ offset }) => BigInt(offset))).to.deep.equal(offsets)
        } else {
          expect(offsets).to.include.members(located.map(({ offset }) => BigInt(offset)))
        }
      }
    }), PARAMETERS)
  })

  it('give the same results for every page length', async function () {
    this.timeout(TIMEOUT)

    await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 60 }), fc.uint8Array({ minLength: 4, maxLength: 4 }), async (digests, other) => {
      const rows = digests.map((digest, i): [Uint8Array, number] => [digest, i]).sort(([a], [b]) => Buffer.compare(a, b))
      const store = memoryStore({ objects: new Map([['a.idx', mhIndex(rows)]]) })

      for (const pageLength of [11, 12, 13, 64, 1000]) {
        const index = sortedIndex(store, 'a.idx', { offsets: 'object', pageLength, wholeLength: 1, complete: true })

        for (const digest of [...digests, other]) {
          const [located] = await index.locate([create(0x12, digest).bytes]) as Location[][]
          const expected = rows.filter(([row]) => Buffer.compare(row, digest) === 0).map(([, offset]) => offset).sort((a, b) => a - b)
          expect(located.map(({ offset }) => offset)).to.deep.equal(expected.slice(0, 10))
        }
      }
    }), { ...PARAMETERS, numRuns: 200 })
  })
})

describe('mutated multi indexes', () => {
  it('have the rows that an independent reader finds', async function () {
    this.timeout(TIMEOUT)
    const all = await blocks(12, 30)
    const offsets = sectionOffsets(all)
    const rows = sortedRows(all, offsets)
    const carHash = (byte: number): Uint8Array => Uint8Array.of(0x12, 0x20, ...new Uint8Array(32).fill(byte))
    const file = concat(hex('8208 03'), carHash(1), mhIndex(rows.slice(0, 5)), carHash(2), plainIndex(rows.slice(3)), carHash(3), mhIndex([]))

    await fc.assert(fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.constantFrom(50, 65536), async (mutations, pageLength) => {
      const bytes = mutate(file, mutations)
      const store = memoryStore({ objects: new Map([['idx', bytes]]) })
      const index = multiIndex(store, 'idx', { offsets: 'object', carNames: multihash => [Buffer.from(multihash).toString('hex')], pageLength, complete: true })
      const simple = simpleMultiIndex(bytes)

      for (const { multihash } of all) {
        const located = await ask(index, multihash)

        if (simple == null || simple.some(({ index }) => !index.sorted)) {
          expect(isMalformed(located)).to.equal(true)
        } else if (located instanceof Error) {
          expect(isMalformed(located) && simple.some(({ index }) => rowsOf(index.rows, multihash).some(offset => offset > BigInt(Number.MAX_SAFE_INTEGER)))).to.equal(true)
        } else {
          const expected = simple.flatMap(({ car, index }) => rowsOf(index.rows, multihash).map(offset => `${offset} ${car}`))
          expect(located.map(({ offset, object }) => `${offset} ${object}`)).to.deep.equal(expected.slice(0, 10))
        }
      }
    }), { ...PARAMETERS, numRuns: RUNS / 2 })
  })
})
