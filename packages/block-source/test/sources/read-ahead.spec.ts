import { expect } from 'aegir/chai'
import { cached, carSource, getMany, memoryStore, scanIndex } from '../../src/index.ts'
import { faultStore } from '../../src/testing/index.ts'
import { carOf, rawBlocks } from './cars.ts'
import type { Block, BlockSource } from '../../src/index.ts'
import type { FaultStore } from '../../src/testing/index.ts'

/** The length of a block, in bytes. */
const SIZE = 10_000

interface Setup {
  readonly source: BlockSource
  readonly store: FaultStore
  readonly blocks: readonly Block[]
  /** Reads blocks together, and checks them. Returns how many reads that took. */
  read (from: number, to: number): Promise<number>
}

/** A source of one CAR that reads this many blocks ahead, and keeps them. */
async function setUp (ahead: number, spoil: (car: Uint8Array, blocks: readonly Block[]) => void = () => {}): Promise<Setup> {
  const blocks = await rawBlocks(100, SIZE)
  const car = await carOf(blocks)
  const index = scanIndex(memoryStore({ objects: new Map([['x.car', car.slice()]]) }), 'x.car')
  spoil(car, blocks)
  const store = faultStore(memoryStore({ objects: new Map([['x.car', car]]) }))
  const source: BlockSource = cached(carSource({ store, index, readAhead: { length: () => ahead * (SIZE + 50), keep: block => { source.offer?.(block) } } }))

  return {
    source,
    store,
    blocks,
    async read (from, to) {
      const before = store.calls.length

      for await (const { cid, bytes } of getMany(source, blocks.slice(from, to).map(({ cid }) => cid))) {
        expect(bytes).to.deep.equal(blocks.find(block => block.cid.equals(cid))?.bytes)
      }

      return store.calls.length - before
    }
  }
}

describe('reading ahead', () => {
  it('reads the blocks that follow with the requested ones, if blocks are requested in their order', async () => {
    const { store, read } = await setUp(20)
    expect(await read(0, 4)).to.equal(1)
    expect(store.bytes).to.be.below(5 * SIZE)
    expect(await read(4, 8), 'continues').to.equal(1)
    expect(store.bytes).to.be.above(20 * SIZE)

    let reads = 0

    for (let i = 8; i < 100; i += 4) {
      reads += await read(i, i + 4)
    }

    // without reading ahead, it took 23
    expect(reads).to.be.within(4, 6)
    expect(store.bytes).to.be.below(106 * SIZE)
  })

  it('also does so for several readers of one CAR, and for single blocks', async () => {
    const { read } = await setUp(10)
    let reads = 0

    for (let i = 0; i < 50; i++) {
      reads += await read(i, i + 1) + await read(50 + i, Math.min(100, 51 + i))
    }

    expect(reads).to.be.at.most(16)
  })

  it('reads only requested blocks if they are scattered, or if its length is 0', async () => {
    const random = await setUp(20)

    for (const i of [90, 10, 50, 30, 70]) {
      expect(await random.read(i, i + 1)).to.equal(1)
    }

    expect(random.store.bytes).to.be.below(6 * SIZE)

    const none = await setUp(0)

    for (let i = 0; i < 100; i += 4) {
      expect(await none.read(i, i + 4)).to.equal(1)
    }
  })

  it('does not keep a block that does not hash to the CID of its section', async () => {
    const { read, blocks, source } = await setUp(20, (car, blocks) => {
      car[Buffer.from(car.buffer).indexOf(blocks[12].bytes) + 5] ^= 1
    })
    await read(0, 4)
    await read(4, 8)
    expect(await read(8, 12)).to.equal(0)
    await expect(source.get(blocks[12].cid)).to.eventually.be.rejected.with.property('name', 'HashMismatchError')
    // this reads ahead again
    expect(await read(13, 20)).to.equal(0)
  })
})
