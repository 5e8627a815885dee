import { cached } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { createReadTurns } from '../../src/blocks/read-turns.ts'
import { blockOf } from '../support/cars.ts'
import type { TestBlock } from '../support/cars.ts'
import type { BlockSource } from '@kitsune/block-source'

interface Setup {
  readonly source: BlockSource
  readonly blocks: readonly TestBlock[]
  /** The blocks that the source was asked for, by number. */
  readonly asked: number[]
  /** Completes all reads that have begun, and then lets time pass. */
  pass (ms: number): Promise<void>
}

async function setUp (max: number, held = (): number => 0): Promise<Setup> {
  const blocks = await Promise.all(Array.from({ length: 10 }, async (_, i) => blockOf(`block ${i}`)))
  const asked: number[] = []
  let now = 0
  const sleepers = new Set<{ readonly until: number, wake (): void }>()
  const reads: Array<() => void> = []
  const slow: BlockSource = {
    complete: true,
    async get (cid) {
      const i = blocks.findIndex(block => block.cid.equals(cid))
      asked.push(i)
      await new Promise<void>(resolve => { reads.push(resolve) })

      return blocks[i].bytes
    }
  }
  const sleep = async (ms: number): Promise<void> => new Promise(resolve => { sleepers.add({ until: now + ms, wake: resolve }) })
  const settled = async (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

  return {
    blocks,
    asked,
    source: cached(slow, { turn: createReadTurns({ max, held, now: () => now, sleep }) }),
    async pass (ms) {
      await settled()
      reads.splice(0).forEach(go => { go() })
      await settled()
      now += ms

      for (const sleeper of [...sleepers].filter(({ until }) => until <= now)) {
        sleepers.delete(sleeper)
        sleeper.wake()
      }

      await settled()
    }
  }
}

describe('createReadTurns', () => {
  it('reads a block once if several requests ask for it at the same time', async () => {
    const { source, blocks, asked, pass } = await setUp(10)
    const all = Promise.all([1, 2, 3].map(async () => source.get(blocks[0].cid)))
    await pass(100)
    expect(await all).to.deep.equal([blocks[0].bytes, blocks[0].bytes, blocks[0].bytes])
    expect(asked).to.deep.equal([0])
  })

  it('reads at most a number of blocks at a time, and the others when these have been read', async () => {
    const { source, blocks, asked, pass } = await setUp(2)
    const all = Promise.all(blocks.slice(0, 4).map(async ({ cid }) => source.get(cid)))
    await new Promise(resolve => { setImmediate(resolve) })
    expect(asked).to.deep.equal([0, 1])
    await pass(100)
    await pass(100)
    expect(await all).to.have.length(4)
  })

  it('counts what is held otherwise, but reads a batch that is too large if nothing else is held', async () => {
    let held = 2
    const { source, blocks, asked, pass } = await setUp(2, () => held)
    const all = Promise.all(blocks.slice(0, 2).map(async ({ cid }) => source.get(cid)))
    await pass(100)
    expect(asked).to.deep.equal([])
    held = 1
    await pass(100)
    expect(asked).to.deep.equal([0])
    held = 0
    await pass(100)
    await pass(100)
    await all

    const large = await setUp(0)
    const read = large.source.get(blocks[0].cid)
    await large.pass(0)
    expect(await read).to.deep.equal(blocks[0].bytes)
  })

  it('does not wait for a request that the runtime has ended without notice', async () => {
    const { cid } = await blockOf('block')
    let now = 0
    const turn = createReadTurns({ max: 10, now: () => now, sleep: async ms => { now += ms } })
    // and is never called back
    await turn(() => [cid])
    const end = await turn(() => [cid])
    expect(now).to.be.within(5_000, 6_000)
    end()
    await turn(() => [cid])
    expect(now).to.be.below(6_000)
  })

  it('ends its wait with the signal', async () => {
    const { source, blocks, pass } = await setUp(10)
    const first = source.get(blocks[0].cid)
    const controller = new AbortController()
    const get = source.get(blocks[0].cid, { signal: controller.signal })
    controller.abort(new Error('no longer wanted'))
    const rejected = expect(get).to.eventually.be.rejectedWith('no longer wanted')
    await pass(4)
    await rejected
    expect(await first).to.deep.equal(blocks[0].bytes)
  })
})
