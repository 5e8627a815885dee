import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { routerBlockstore } from '../../src/blockstore/index.ts'
import { routerBroker } from '../../src/helia/index.ts'
import { source } from '../../src/index.ts'
import { testBlock } from '../engine/harness.ts'
import { until } from '../network/hosts.ts'
import { createRouterRig, holding, targetOf } from '../router-rig.ts'
import type { WantRouter, WantRouterInit } from '../../src/index.ts'
import type { Metrics } from '@libp2p/interface'

const blocks = Array.from({ length: 50 }, (_, i) => testBlock(i))
const cids = blocks.map(({ cid }) => CID.decode(cid))
const missing = CID.decode(testBlock(1000).cid)

const memory = holding(...blocks)

describe('a router as a client of itself', function () {
  this.timeout(20_000)

  const rig = createRouterRig()

  afterEach(async () => { await rig.stop() })

  /** A router whose member is another router, whose member is a source. */
  async function front (init: Partial<WantRouterInit> = {}): Promise<WantRouter> {
    const behind = await rig.node({ targets: [source(memory, { id: 'memory' })] })
    const { services: { router } } = await rig.node({
      targets: [targetOf(behind)],
      ...init
    })

    return router
  }

  it('gets blocks from a member, and learns that no member has one', async () => {
    const { get, getMany, has } = await front()
    expect(await get(cids[0])).to.deep.equal(blocks[0].bytes)
    expect([await has(cids[1]), await has(missing)]).to.deep.equal(['have', 'dont-have'])
    await expect(get(missing)).to.eventually.be.rejected.with.property('name', 'NotFoundError')
    const got = new Map<string, unknown>()

    for await (const { cid, bytes, error } of getMany([...cids, missing])) {
      got.set(`${cid}`, bytes ?? error?.name)
    }

    expect(got).to.deep.equal(new Map([...cids.map((cid, i): [string, unknown] => [`${cid}`, blocks[i].bytes]), [`${missing}`, 'NotFoundError']]))
  })

  it('counts among the clients and wants while it wants something', async () => {
    const gauges = new Map<string, () => number>()
    const register = (name: string, { calculate }: { calculate (): number }): void => { gauges.set(name, calculate) }
    const metrics = { registerCounter: register, registerMetric: register, registerCounterGroup () {}, registerMetricGroup () {}, registerHistogram () {}, registerHistogramGroup () {} } as unknown as Metrics
    const count = (): Array<number | undefined> => ['clients', 'wants'].map(name => gauges.get(`kitsune_router_${name}`)?.())
    const router = (await rig.node({ targets: [source({ get: async () => new Promise(() => {}) }, { id: 'hangs' })], metrics })).services.router
    const controller = new AbortController()
    const calls = [router.get(cids[0], { signal: controller.signal }), router.client('other').get(cids[0], { signal: controller.signal })]
    await until('both are counted', () => router.status().clients === 2)
    expect(count()).to.deep.equal([2, 2])
    controller.abort(new Error('enough'))

    for (const call of calls) {
      await expect(call).to.eventually.be.rejectedWith('enough')
    }

    await until('none is', () => router.status().clients === 0)
    expect(count()).to.deep.equal([0, 0])
  })

  it('refuses CIDs that cannot be verified, and calls while it drains or after it has stopped', async () => {
    const node = await rig.node({ targets: [source(memory, { id: 'memory' })] })
    const { router } = node.services
    const blake = CID.createV1(0x55, { code: 0xb220, size: 32, digest: new Uint8Array(32), bytes: Uint8Array.of(0xa0, 0xe4, 0x02, 32, ...new Uint8Array(32)) })
    await expect(router.get(blake)).to.eventually.be.rejected.with.property('message').that.matches(/"hashers"/)
    const open = router.get(missing, { signal: AbortSignal.timeout(20_000) })
    await expect(open).to.eventually.be.rejected.with.property('name', 'NotFoundError')
    const drained = router.drain()
    await expect(router.get(cids[0])).to.eventually.be.rejected.with.property('name', 'DrainingError')
    await drained
    await node.stop()
    await expect(router.get(cids[0])).to.eventually.be.rejected.with.property('name', 'StoppedError')
  })

  it('is a blockstore that can only be read', async () => {
    const store = routerBlockstore(await front())

    const gather = async (pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array[]> => {
      const all = []

      for await (const piece of pieces) {
        all.push(piece)
      }

      return all
    }

    expect(await gather(store.get(cids[0]))).to.deep.equal([blocks[0].bytes])
    expect([await store.has(cids[0]), await store.has(missing)]).to.deep.equal([true, false])
    const got = new Map<string, Uint8Array[]>()

    for await (const { cid, bytes } of store.getMany(cids)) {
      got.set(`${cid}`, await gather(bytes))
    }

    expect(got).to.deep.equal(new Map(cids.map((cid, i) => [`${cid}`, [blocks[i].bytes]])))
    await expect(gather(store.get(missing))).to.eventually.be.rejected.with.property('name', 'NotFoundError')
    await expect((async () => store.getMany([missing]).next())()).to.eventually.be.rejected.with.property('name', 'NotFoundError')
    const writes = {
      put: async () => store.put(cids[0], blocks[0].bytes),
      delete: async () => store.delete(cids[0]),
      putMany: async () => gather(store.putMany([]) as AsyncIterable<never>),
      deleteMany: async () => gather(store.deleteMany([]) as AsyncIterable<never>),
      getAll: async () => gather(store.getAll() as AsyncIterable<never>)
    }

    for (const [method, write] of Object.entries(writes)) {
      const error: Error = await write().then(() => expect.fail(`${method} did not throw`), err => err)
      expect(error).to.have.property('name', 'ReadOnlyError')
      expect(error.message).to.match(new RegExp(`^${method}: a router only reads`))
    }
  })

  it('is a block broker that respects the bounds of Helia', async () => {
    const broker = routerBroker(await front())
    const validated: number[] = []
    const block = await broker.retrieve(cids[0], { validateFn: async bytes => { validated.push(bytes.byteLength) } })
    expect(block).to.deep.equal(blocks[0].bytes)
    expect(validated).to.deep.equal([2048])
    await expect(broker.retrieve(cids[0], { maxSize: 100 })).to.eventually.be.rejected.with.property('name', 'BlockTooLargeError')
    expect(await broker.createSession().retrieve(cids[1])).to.deep.equal(blocks[1].bytes)
  })
})
