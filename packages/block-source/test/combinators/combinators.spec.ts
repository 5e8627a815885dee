import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { budgeted, budgetedStore, cached, coalesced, createBudget, filtered, getMany, limited, limitedStore, memoryStore, retried, StoreUnavailableError, tiered, verified } from '../../src/index.ts'
import { blockSourceTests, faultStore } from '../../src/testing/index.ts'
import { everyKind, rawBlock, rawBlocks } from '../sources/cars.ts'
import { mapSource } from './map-source.ts'
import type { MapSource } from './map-source.ts'
import type { Block, BlockSource, GetManyResult } from '../../src/index.ts'

const hashers = [blake2b256]
const noWait = { retries: 2, async wait () {} }

const COMBINATORS: Record<string, (source: BlockSource) => BlockSource> = {
  'tiered, of one': source => tiered([source]),
  'tiered, below one that has nothing': source => tiered([mapSource([], false), source]),
  cached: source => cached(source),
  'cached, of no size': source => cached(source, { maxBytes: 1 }),
  coalesced,
  'coalesced, without getMany': source => coalesced({ ...source, getMany: undefined }),
  budgeted: source => budgeted(source, createBudget({ limit: 1000 })),
  retried: source => retried(source, noWait),
  limited: source => limited(source, { concurrency: 2 }),
  filtered: source => filtered(source, () => true),
  verified: source => source
}

for (const [name, make] of Object.entries(COMBINATORS)) {
  blockSourceTests(async () => {
    const has = await everyKind()
    const source = mapSource(has)

    return {
      source: make(verified(source, { hashers })),
      has,
      missing: [(await rawBlock(Uint8Array.of(9))).cid],
      fail () {
        source.failing = true

        return () => { source.failing = false }
      },
      corrupt ({ cid }) { source.blocks.set(String(cid.multihash.bytes), Uint8Array.of(1)) }
    }
  }, { name })
}

/** Gets a block; undefined if the call is aborted. */
async function getOrLeave (source: BlockSource, cid: CID, { signal }: AbortController): Promise<Uint8Array | undefined> {
  try {
    return await source.get(cid, { signal })
  } catch {
    return undefined
  }
}

async function gather (source: BlockSource, cids: Iterable<CID>, options = {}): Promise<GetManyResult[]> {
  const results = []

  for await (const result of getMany(source, cids, options)) {
    results.push(result)
  }

  return results
}

describe('combinators', () => {
  let blocks: Block[]
  let cids: CID[]
  let source: MapSource

  beforeEach(async () => {
    blocks = await rawBlocks(10, 1000)
    cids = blocks.map(({ cid }) => cid)
    source = mapSource(blocks)
  })

  describe('tiered', () => {
    it('asks the next tier only for missing blocks, and offers them to the tiers before', async () => {
      const first = mapSource(blocks.slice(0, 5), false)
      const both = tiered([first, source])
      expect(await both.get(cids[0])).to.deep.equal(blocks[0].bytes)
      expect(source.gets).to.have.lengthOf(0)
      expect(await both.get(cids[7])).to.deep.equal(blocks[7].bytes)
      expect(first.offered).to.deep.equal([blocks[7]])
      expect(await gather(both, cids)).to.have.deep.members(blocks)
      expect(source.manys).to.deep.equal([cids.slice(5)])
    })

    it('is complete if all tiers are', () => {
      expect(tiered([source, mapSource([])]).complete).to.equal(true)
      expect(tiered([source, mapSource([], false)]).complete).to.equal(false)
      expect(() => tiered([])).to.throw().with.property('name', 'InvalidOptionError')
    })

    it('fails if one tier failed and no other has the block', async () => {
      const { cid } = await rawBlock(Uint8Array.of(9))
      const failing = mapSource([])
      failing.failing = true

      for (const both of [tiered([failing, source]), tiered([source, failing])]) {
        expect(await both.get(cids[0])).to.deep.equal(blocks[0].bytes)
        await expect(both.get(cid)).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
        await expect(both.stat?.(cid)).to.eventually.be.rejected.with.property('name', 'StoreUnavailableError')
        const results = await gather(both, [cids[0], cid, cid])
        expect(results.map(({ error }) => error?.name)).to.have.members([undefined, 'StoreUnavailableError', 'StoreUnavailableError'])
      }
    })
  })

  describe('cached', () => {
    it('reads a block once, with any method', async () => {
      const cache = cached(source)
      await cache.get(cids[0])
      expect(await cache.get(CID.createV1(0x71, cids[0].multihash))).to.deep.equal(blocks[0].bytes)
      expect(await gather(cache, [cids[0]])).to.deep.equal([blocks[0]])
      expect(await cache.stat?.(cids[0])).to.deep.equal({ size: 1000 })
      expect(source.gets).to.have.lengthOf(1)
      expect(source.manys).to.have.lengthOf(0)
    })

    it('keeps offered blocks, within its limit', async () => {
      const cache = cached(source, { maxBytes: 4 * 1250, maxBlock: 1000 })

      for (const block of blocks) {
        cache.offer?.(block)
      }

      await gather(cache, cids.slice(-4))
      expect(source.manys).to.have.lengthOf(0)
      await gather(cache, cids)
      expect(source.manys).to.deep.equal([cids.slice(0, 6)])
      cache.offer?.(await rawBlock(new Uint8Array(1001)))
      expect(source.offered).to.have.lengthOf(11)
    })

    it('does not keep misses or failures', async () => {
      const cache = cached(source)
      source.failing = true
      await expect(cache.get(cids[0])).to.eventually.be.rejected()
      source.failing = false
      const missing = await rawBlock(Uint8Array.of(9))
      expect(await cache.get(missing.cid)).to.equal(undefined)
      source.blocks.set(String(missing.cid.multihash.bytes), missing.bytes)
      expect(await cache.get(missing.cid)).to.deep.equal(missing.bytes)
      expect(await cache.get(cids[0])).to.deep.equal(blocks[0].bytes)
    })

    it('does not keep a larger buffer than the block needs', async () => {
      const slab = new Uint8Array(1_000_000)
      slab.set(blocks[0].bytes, 500)
      const cache = cached(mapSource([{ cid: cids[0], bytes: slab.subarray(500, 1500) }]))
      await cache.get(cids[0])
      expect((await cache.get(cids[0]))?.buffer.byteLength).to.equal(1000)
    })
  })

  describe('coalesced', () => {
    it('combines the calls of one tick, and reads a block that is wanted twice once', async () => {
      const one = coalesced(source)
      const got = await Promise.all([...cids, ...cids].map(async cid => one.get(cid)))
      expect(got).to.deep.equal([...blocks, ...blocks].map(({ bytes }) => bytes))
      expect(source.manys).to.deep.equal([cids])
      await one.get(cids[0])
      expect(source.manys).to.have.lengthOf(2)
    })

    it('joins a running read, and does not abort it when it leaves', async () => {
      const one = coalesced(source)
      const first = one.get(cids[0])
      await Promise.resolve()
      const controller = new AbortController()
      const second = one.get(cids[0], { signal: controller.signal })
      const reason = new Error('enough')
      controller.abort(reason)
      await expect(second).to.eventually.be.rejected.and.equal(reason)
      expect(await first).to.deep.equal(blocks[0].bytes)
      expect(source.manys).to.deep.equal([[cids[0]]])
    })

    it('does not begin reads that no call waits for', async () => {
      const one = coalesced(source)
      const controllers = cids.map(() => new AbortController())
      const reads = cids.map(async (cid, i) => getOrLeave(one, cid, controllers[i]))
      await Promise.resolve()

      for (const controller of controllers.slice(2)) {
        controller.abort()
      }

      expect((await Promise.all(reads)).filter(bytes => bytes != null)).to.have.lengthOf(2)
      expect(source.peak).to.equal(1)

      const controller = new AbortController()
      const all = cids.map(async cid => getOrLeave(one, cid, controller))
      controller.abort()
      await Promise.all(all)
      // a call that comes after all others have left begins a new read
      expect(await one.get(cids[0])).to.deep.equal(blocks[0].bytes)
    })

    it('keeps sessions apart', async () => {
      const one = coalesced(source)
      await Promise.all([one.get(cids[0], { session: 'a' }), one.get(cids[0], { session: 'b' }), one.get(cids[1], { session: 'a' })])
      expect(source.manys).to.have.deep.members([[cids[0], cids[1]], [cids[0]]])
    })
  })

  describe('budgeted', () => {
    it('limits requests until the reserve is released', async () => {
      const budget = createBudget({ limit: 5, reserve: 2 })
      const one = budgeted(source, budget)
      const results = await gather(one, cids)
      expect(results.filter(({ bytes }) => bytes != null)).to.have.lengthOf(3)
      expect(results.filter(({ error }) => error?.name === 'BudgetExceededError')).to.have.lengthOf(7)
      await expect(one.stat?.(cids[0])).to.eventually.be.rejected.with.property('name', 'BudgetExceededError')
      expect(source.gets).to.have.lengthOf(3)
      budget.release()
      await one.get(cids[0])
      expect(budget.spent.fetch).to.equal(4)
      expect(() => createBudget({ limit: 1, reserve: 2 })).to.throw().with.property('name', 'InvalidOptionError')
    })

    it('counts the requests to a store by kind', async () => {
      const budget = createBudget({ limit: 3 })
      const store = budgetedStore(memoryStore({ objects: new Map([['x', Uint8Array.of(1)]]) }), budget)
      await store.read('x')
      await store.read('x', { length: 0 })
      await store.stat('x')
      expect(await store.list?.('')[Symbol.asyncIterator]().next()).to.deep.equal({ done: false, value: 'x' })
      expect(budget.spent).to.deep.equal({ read: 1, stat: 1, list: 1, fetch: 0 })
      await expect(store.read('x')).to.eventually.be.rejected.with.property('name', 'BudgetExceededError')
    })
  })

  describe('retried', () => {
    it('retries only temporary failures, of one and of many blocks', async () => {
      const waits: number[] = []
      const options = { retries: 2, minDelay: 100, async wait (ms: number) { waits.push(ms); if (waits.length === 2) { source.failing = false } } }
      source.failing = true
      expect(await retried(source, options).get(cids[0])).to.deep.equal(blocks[0].bytes)
      expect(waits).to.have.lengthOf(2)

      source.failing = true
      waits.length = 0
      expect(await gather(retried(source, options), cids)).to.have.deep.members(blocks)
      expect(waits).to.have.lengthOf(2)

      let asked = 0
      const refusing: BlockSource = { async get () { asked++; throw new Error('no') } }
      await expect(retried(refusing, noWait).get(cids[0])).to.eventually.be.rejectedWith('no')
      expect((await gather(retried(refusing, noWait), [cids[0]]))[0].error?.message).to.equal('no')
      expect(asked).to.equal(2)
    })

    it('waits as long as a server asks, unless that is too long', async () => {
      const waits: number[] = []
      const busy = (retryAfter: number): BlockSource => ({ async get () { throw new StoreUnavailableError('busy', { retryAfter }) } })
      const options = { retries: 1, maxDelay: 5000, async wait (ms: number) { waits.push(ms) } }
      await expect(retried(busy(3000), options).get(cids[0])).to.eventually.be.rejected()
      await gather(retried(busy(3000), options), [cids[0]])
      await gather(retried(busy(60_000), options), [cids[0]])
      expect(waits).to.deep.equal([3000, 3000])
    })
  })

  describe('limited', () => {
    it('limits concurrent reads, and never begins a read that was aborted while it waited', async () => {
      const one = limited(source, { concurrency: 2 })
      const controller = new AbortController()
      const reason = new Error('enough')
      const reads = cids.map(async (cid, i) => one.get(cid, i < 5 ? {} : { signal: controller.signal }))
      const outcomes = Promise.allSettled(reads)
      controller.abort(reason)
      expect((await outcomes).filter(({ status }) => status === 'fulfilled')).to.have.lengthOf(5)
      await expect(reads[9]).to.eventually.be.rejected.and.equal(reason)
      expect(source.peak).to.equal(2)
      expect(source.gets).to.deep.equal(cids.slice(0, 5))
      expect(() => limited(source, { concurrency: 0 })).to.throw().with.property('name', 'InvalidOptionError')
    })

    it('limits a store', async () => {
      const inner = faultStore(memoryStore({ objects: new Map([['x', new Uint8Array(100)]]) }))
      const store = limitedStore(inner, { concurrency: 3 })
      await Promise.all(Array.from({ length: 20 }, async (_, i) => i % 2 === 0 ? store.read('x') : store.stat('x')))
      expect(inner.peak).to.equal(3)
    })
  })

  describe('filtered', () => {
    it('hides a block that is not allowed under one of its CIDs, and does not read it', async () => {
      const [v0] = await everyKind()
      const names = [v0.cid, CID.createV1(0x55, v0.cid.multihash), CID.createV1(0x70, v0.cid.multihash), CID.createV1(0x71, v0.cid.multihash)]
      source = mapSource([v0, ...blocks])

      for (const denied of names) {
        const one = filtered(source, cid => !cid.equals(denied))

        for (const cid of names) {
          expect(await one.get(cid)).to.equal(undefined)
          expect(await one.stat?.(cid)).to.equal(undefined)
          expect(await gather(one, [cid, cids[0]])).to.have.deep.members([{ cid }, blocks[0]])
        }

        one.offer?.(v0)
      }

      expect(source.gets).to.have.lengthOf(0)
      expect(source.offered).to.have.lengthOf(0)
    })
  })
})
