import { CarIndexer } from '@ipld/car'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { carSource, memoryStore, StoreUnavailableError } from '../../src/index.ts'
import { faultStore } from '../../src/testing/index.ts'
import { carOf, everyKind, rawBlock, rawBlocks } from './cars.ts'
import type { Block, BlockIndex, BlockSource, CarSourceInit, GetManyResult, Located, Location } from '../../src/index.ts'
import type { FaultStore } from '../../src/testing/index.ts'

/** How an index states the positions of blocks. */
type Dialect = 'block' | 'section' | 'bounded section' | 'whole section'

const DIALECTS: readonly Dialect[] = ['block', 'section', 'bounded section', 'whole section']

interface Setup {
  readonly source: BlockSource
  readonly store: FaultStore
  /** The answers of the index; a test may change them. */
  readonly places: Map<string, Located>
}

function fakeIndex (places: Map<string, Located>, complete = true): BlockIndex {
  return { complete, locate: async multihashes => multihashes.map(multihash => places.get(String(multihash)) ?? []) }
}

function keyOf ({ multihash }: CID): string {
  return String(multihash.bytes)
}

/** The positions of blocks according to the reference implementation. */
async function placesIn (object: string, car: Uint8Array, dialect: Dialect): Promise<Map<string, Location[]>> {
  const places = new Map<string, Location[]>()

  for await (const { cid, offset, length, blockOffset, blockLength } of await CarIndexer.fromBytes(car)) {
    const key = keyOf(cid)
    const place: Location = dialect === 'block'
      ? { object, offset: blockOffset, length: blockLength, at: 'block' }
      : { object, offset, at: 'section', ...(dialect === 'whole section' ? { length } : {}), ...(dialect === 'bounded section' ? { limit: length } : {}) }
    places.set(key, [...places.get(key) ?? [], place])
  }

  return places
}

async function setUp (blocks: readonly Block[], dialect: Dialect = 'section', init: Partial<CarSourceInit> = {}): Promise<Setup> {
  const car = await carOf(blocks)
  const places = new Map<string, Located>(await placesIn('x.car', car, dialect))
  const store = faultStore(memoryStore({ objects: new Map([['x.car', car]]) }))

  return { places, store, source: carSource({ store, index: fakeIndex(places), hashers: [blake2b256], ...init }) }
}

async function many (source: BlockSource, cids: Iterable<CID>, options = {}): Promise<GetManyResult[]> {
  const results: GetManyResult[] = []

  for await (const result of source.getMany?.(cids, options) ?? []) {
    results.push(result)
  }

  return results
}

/** Waits until no read is running. A read of a store in memory ends within a pass of the event loop, and the reads that follow it have then begun. */
async function untilIdle (store: FaultStore): Promise<void> {
  do {
    await new Promise(resolve => { setImmediate(resolve) })
  } while (store.running > 0)
}

function shuffled<T> (items: readonly T[]): T[] {
  return items.map((item, i) => ({ item, order: (i * 7919 + 13) % items.length })).sort((a, b) => a.order - b.order).map(({ item }) => item)
}

describe('CAR source', () => {
  for (const dialect of DIALECTS) {
    it(`gets every kind of block, one by one and many at once, if the index locates a ${dialect}`, async () => {
      const blocks = await everyKind()
      const { source } = await setUp(blocks, dialect)

      for (const { cid, bytes } of blocks) {
        expect(await source.get(cid), cid.toString()).to.deep.equal(bytes)
        expect(await source.stat?.(cid)).to.deep.equal({ size: bytes.byteLength })
      }

      const results = await many(source, shuffled(blocks).map(({ cid }) => cid))
      expect(results).to.have.lengthOf(blocks.length)

      for (const { cid, bytes } of results) {
        expect(bytes, cid.toString()).to.deep.equal(blocks.find(block => block.cid === cid)?.bytes)
      }
    })
  }

  it('answers for an identity CID without reading anything', async () => {
    const { source, store } = await setUp([])
    const cid = CID.createV1(0x55, identity.digest(Uint8Array.of(1, 2, 3)))
    expect(await source.get(cid)).to.deep.equal(Uint8Array.of(1, 2, 3))
    expect(await source.stat?.(cid)).to.deep.equal({ size: 3 })
    expect(await many(source, [cid])).to.deep.equal([{ cid, bytes: Uint8Array.of(1, 2, 3) }])
    expect(store.calls).to.deep.equal([])
  })

  it('reads nothing for an empty block whose position and length are known', async () => {
    const empty = await rawBlock(new Uint8Array(0))
    const { source, store } = await setUp([empty, ...await rawBlocks(2, 100)], 'block')
    expect(await source.get(empty.cid)).to.have.lengthOf(0)
    expect(store.bytes).to.equal(0)
  })

  it('is as complete as its index, and distinguishes a miss from a failure', async () => {
    const { cid } = await rawBlock(Uint8Array.of(1))
    const store = memoryStore()
    const index = (located: Located, complete: boolean): BlockIndex => ({ complete, locate: async () => [located] })

    expect(carSource({ store, index: index([], true) }).complete).to.equal(true)
    expect(carSource({ store, index: index([], false) }).complete).to.equal(false)
    expect(await carSource({ store, index: index([], true) }).get(cid)).to.equal(undefined)
    expect(await many(carSource({ store, index: index([], true) }), [cid])).to.deep.equal([{ cid }])

    const err = new StoreUnavailableError()
    await expect(carSource({ store, index: index(err, true) }).get(cid)).to.eventually.be.rejected.and.equal(err)
    expect(await many(carSource({ store, index: index(err, true) }), [cid])).to.deep.equal([{ cid, error: err }])
    const failing: BlockIndex = { complete: true, async locate () { throw err } }
    await expect(carSource({ store, index: failing }).get(cid)).to.eventually.be.rejected.and.equal(err)
    expect(await many(carSource({ store, index: failing }), [cid])).to.deep.equal([{ cid, error: err }])
  })

  it('fails instead of missing if the CAR is gone, has changed, or holds other bytes', async () => {
    const [block] = await rawBlocks(1, 1000)
    const faults: Array<[FaultStore['fault'], string]> = [
      [() => ({ missing: true }), 'ObjectMissingError'],
      [() => ({ flip: 500 }), 'HashMismatchError'],
      [() => ({ flip: 5 }), 'MalformedCarError'],
      [() => ({ cut: 500 }), 'TruncatedError'],
      [() => ({ error: new StoreUnavailableError() }), 'StoreUnavailableError']
    ]

    for (const [fault, name] of faults) {
      const { source, store } = await setUp([block])
      store.fault = fault
      await expect(source.get(block.cid), name).to.eventually.be.rejected.with.property('name', name)
      expect((await many(source, [block.cid]))[0].error, name).to.have.property('name', name)
    }
  })

  it('tries one location after the other, and reports why each failed', async () => {
    const blocks = await rawBlocks(3, 1000)
    const { source, places } = await setUp(blocks)
    const { cid, bytes } = blocks[1]
    const [right] = places.get(keyOf(cid)) as Location[]
    const wrong: Location[] = [
      { ...right, object: 'gone.car' },
      { ...right, offset: 1e9 },
      { ...right, offset: right.offset + 1 },
      { ...right, etag: '"old"' },
      { ...right, at: 'block', length: 127 * 1024 * 1024 },
      { ...right, at: 'block', length: 10 },
      (places.get(keyOf(blocks[2].cid)) as Location[])[0]
    ]

    for (const first of wrong) {
      places.set(keyOf(cid), [first, right])
      expect(await source.get(cid)).to.deep.equal(bytes)
      expect(await many(source, blocks.map(({ cid }) => cid))).to.have.deep.members(blocks.map(({ cid, bytes }) => ({ cid, bytes })))
    }

    places.set(keyOf(cid), wrong)
    await expect(source.get(cid)).to.eventually.be.rejected.with.property('errors').with.lengthOf(wrong.length)
    const failed = (await many(source, [cid]))[0].error
    expect(failed).to.be.an.instanceOf(AggregateError).with.property('errors').with.lengthOf(wrong.length)
  })

  it('reads nothing if an index claims a block that is too long', async () => {
    const [block] = await rawBlocks(1, 1000)
    const { source, places, store } = await setUp([block])
    places.set(keyOf(block.cid), [{ object: 'x.car', offset: 0, length: 127 * 1024 * 1024, at: 'block' }])
    await expect(source.get(block.cid)).to.eventually.be.rejected.with.property('name', 'ObjectTooLargeError')
    await expect(source.stat?.(block.cid)).to.eventually.be.rejected.with.property('name', 'ObjectTooLargeError')
    expect(store.calls).to.deep.equal([])
  })

  it('refuses sections of hostile lengths without reading them', async () => {
    const { cid } = await rawBlock(new Uint8Array(10))
    const hex = (digits: string): Uint8Array => Uint8Array.from(digits.match(/../g) ?? [], byte => parseInt(byte, 16))

    for (const section of ['808080808020', 'ffffffffffffffffffff01', '26015512ffffffff0f', '1001551220', '8180800201551220', '00', '']) {
      const store = faultStore(memoryStore({ objects: new Map([['x.car', hex(`11a265726f6f7473806776657273696f6e01${section}`)]]) }))
      const places = new Map<string, Located>([[keyOf(cid), [{ object: 'x.car', offset: 18, at: 'section' }]]])
      await expect(carSource({ store, index: fakeIndex(places) }).get(cid), section).to.eventually.be.rejected.with.property('name').that.is.oneOf(['MalformedCarError', 'TruncatedError', 'OutOfRangeError'])
      expect(store.calls.length).to.equal(1)
    }
  })

  it('reads a block that is longer than was guessed in two reads, each byte once', async () => {
    const [, block] = await rawBlocks(2, 1_000_000)
    const { source, store } = await setUp([block], 'section')
    expect(await source.get(block.cid)).to.deep.equal(block.bytes)
    expect(store.calls).to.have.lengthOf(2)
    expect(store.bytes).to.be.below(1_000_100)
  })
})

describe('CAR source, many at once', () => {
  for (const dialect of DIALECTS) {
    it(`reads 400 blocks of 256 KiB, in order and shuffled, with at most 0.15 reads a block (${dialect})`, async function () {
      this.timeout(60_000)
      const blocks = await rawBlocks(400, 262_144)
      const { source, store } = await setUp(blocks, dialect)

      for (const order of [blocks, shuffled(blocks)]) {
        store.calls.length = 0
        let got = 0

        for await (const { bytes } of source.getMany?.(order.map(({ cid }) => cid)) ?? []) {
          got += Number(bytes?.byteLength === 262_144)
        }

        expect(got).to.equal(400)
        expect(store.calls.length / 400).to.be.at.most(0.15)
      }
    })
  }

  it('reads a block once if it is wanted twice, by CIDs of either version', async () => {
    const [{ cid: v0, bytes }] = await everyKind()
    const v1 = CID.createV1(0x55, v0.multihash)
    const { source, store } = await setUp([{ cid: v0, bytes }])
    expect(await many(source, [v0, v1, v0])).to.have.deep.members([{ cid: v0, bytes }, { cid: v1, bytes }, { cid: v0, bytes }])
    expect(store.calls).to.have.lengthOf(1)
  })

  it('does not let one bad location of a range fail the others', async () => {
    const blocks = await rawBlocks(20, 1000)
    const cids = blocks.map(({ cid }) => cid)

    for (const bad of [{ offset: 1e9 }, { offset: 18, length: 20_000 }, { offset: 22_000, length: 10_000 }, { offset: 0, length: 0 }, { offset: 100, length: 5 }]) {
      const { source, places } = await setUp(blocks, 'block')
      places.set(keyOf(cids[7]), [{ object: 'x.car', at: 'block', length: 1000, ...bad }])
      const results = await many(source, cids)
      expect(results).to.have.lengthOf(20)
      expect(results.filter(({ bytes }) => bytes == null).map(({ cid }) => cid)).to.deep.equal([cids[7]])
      expect(results.find(({ cid }) => cid === cids[7])?.error).to.be.an('error')
    }
  })

  it('does not ask again for every block of a range that failed for all', async () => {
    const blocks = await rawBlocks(20, 1000)
    const { source, store } = await setUp(blocks)
    store.fault = () => ({ error: new StoreUnavailableError() })
    const results = await many(source, blocks.map(({ cid }) => cid))
    expect(results.filter(({ error }) => error?.name === 'StoreUnavailableError')).to.have.lengthOf(20)
    expect(store.calls).to.have.lengthOf(1)
  })

  it('keeps only the blocks in memory, not the range from which they were read', async () => {
    const blocks = await rawBlocks(20, 1000)
    const { source } = await setUp(blocks)

    for (const { bytes } of await many(source, blocks.map(({ cid }) => cid))) {
      expect(bytes?.buffer.byteLength).to.be.below(1200)
    }
  })

  it('stops reading for a consumer that takes no results', async () => {
    const blocks = await rawBlocks(100, 100_000)
    const { source, store } = await setUp(blocks, 'block', { maxBytes: 1_000_000, maxSpan: 200_000 })
    const results = source.getMany?.(blocks.map(({ cid }) => cid))[Symbol.asyncIterator]()
    await results?.next()
    await untilIdle(store)
    expect(store.bytes).to.be.at.most(1_000_000)
    const before = store.calls.length
    await results?.return?.()
    await untilIdle(store)
    expect(store.calls.length).to.equal(before)
  })

  it('does not begin to read blocks that are no longer wanted', async () => {
    const blocks = await rawBlocks(100, 100_000)
    const { source, store } = await setUp(blocks, 'block', { maxSpan: 100_000, maxGap: 0, concurrency: 1 })
    const left = new Set(blocks.slice(0, 10).map(({ cid }) => cid))
    const results = await many(source, blocks.map(({ cid }) => cid), { wanted: (cid: CID) => left.has(cid) })
    expect(results.map(({ cid }) => cid)).to.have.members([...left])
    expect(store.calls).to.have.lengthOf(10)
  })

  it('stops all reads when it is aborted', async () => {
    const blocks = await rawBlocks(100, 100_000)
    const { source, store } = await setUp(blocks, 'block', { maxSpan: 200_000 })
    const controller = new AbortController()
    const reason = new Error('enough')

    store.fault = (_, index) => {
      if (index === 5) { controller.abort(reason) }

      return undefined
    }

    await expect(many(source, blocks.map(({ cid }) => cid), { signal: controller.signal })).to.eventually.be.rejected.and.equal(reason)
    expect(store.calls.length).to.be.below(10)
    expect(store.running).to.equal(0)
  })

  it('limits the number of concurrent reads', async () => {
    const blocks = await rawBlocks(50, 10_000)
    const { source, store } = await setUp(blocks, 'block', { maxSpan: 10_000, maxGap: 0, concurrency: 3 })
    expect(await many(source, blocks.map(({ cid }) => cid))).to.have.lengthOf(50)
    expect(store.peak).to.equal(3)
  })
})
