import { createHash } from 'node:crypto'
import { cached, carSource, memoryStore, scanIndex } from '@kitsune/block-source'
import { faultStore } from '@kitsune/block-source/testing'
import { roundRobin, source, tiers, wantRouter } from '@kitsune/want-router'
import { kubo as kubos } from '@kitsune/want-router/discovery/kubo-rpc'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { createDag, leafCids } from '../../src/dag.ts'
import { needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import type { Dag } from '../../src/dag.ts'
import type { Stack } from '../../src/stack.ts'
import type { BlockSource } from '@kitsune/block-source'
import type { FaultStore } from '@kitsune/block-source/testing'
import type { WantRouter } from '@kitsune/want-router'

const WANTS = 1000
const BLOCK = 1024

describe('a CAR behind a router that asks in batches, with kubo', function () {
  this.timeout(120_000)

  let binary: string
  let all: Stack
  let router: WantRouter
  let store: FaultStore
  let kept: number
  const dags: Dag[] = []

  before(async function () {
    binary = needKubo(this, 'a CAR behind a router that asks in batches')
    all = stack(() => binary)

    for (const seed of ['car', 'kubo']) {
      dags.push(await createDag(binary, { size: WANTS * BLOCK, blockSize: BLOCK, seed }))
    }

    const exporter = await all.kubo({ dag: dags[0] })
    const car = new Uint8Array(await (await exporter.call('dag/export', [dags[0].root], { progress: 'false' })).arrayBuffer())
    store = faultStore(memoryStore({ objects: new Map([['all.car', car]]) }))
    const holder = await all.kubo({ dag: dags[1] })

    // it has every block that it is offered from then on
    kept = 0
    const memory = cached({ complete: false, get: async () => undefined })
    const cache: BlockSource = {
      ...memory,
      offer (block) {
        kept++
        memory.offer?.(block)
      }
    }

    const host = await createLibp2p({
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        router: wantRouter({
          targets: [
            source(cache, { id: 'cache', labels: { tier: '0' } }),
            source(carSource({ store, index: scanIndex(store, 'all.car') }), { id: 'cars', labels: { tier: '1' } }),
            ...kubos([{ url: holder.url, labels: { tier: '2' } }])
          ],
          strategy: tiers(roundRobin())
        })
      }
    })
    all.onStop(async () => host.stop())
    router = host.services.router
    await poll(async () => router.status().members.every(({ state }) => state === 'up'), 'all members to be up')
  })

  after(async () => {
    await all?.stop()
  })

  /** Gets the leaves of a DAG, and compares them with the file. */
  async function read (dag: Dag, seed: string, concurrency = WANTS): Promise<void> {
    const leaves = await leafCids({ ...dag, seed })
    const got = new Map<string, Uint8Array | undefined>()

    for await (const { cid, bytes, error } of router.getMany(leaves, { concurrency })) {
      expect(error).to.equal(undefined)
      got.set(`${cid}`, bytes)
    }

    const hash = createHash('sha256')
    leaves.forEach(cid => { hash.update(got.get(`${cid}`) ?? '') })
    expect(hash.digest('hex')).to.equal(dag.sha256)
  }

  it('a thousand wants cost few reads of the store', async () => {
    await read(dags[0], 'car')
    expect(store.calls.length, 'calls of the store').to.be.below(20)
    expect(router.status().members.find(({ id }) => id === 'cars')?.totals).to.include({ blocks: WANTS, failures: 0, timeouts: 0 })
  })

  it('blocks that the CAR does not have come from the kubo', async () => {
    await read(dags[1], 'kubo')
    expect(router.status().members[2].totals).to.include({ blocks: WANTS, failures: 0 })
  })

  it('a cache in front of them has been filled, and serves both from then on', async () => {
    expect(kept).to.equal(2 * WANTS)
    const before = [store.calls.length, router.status().members[2].totals.blocks]
    // no more at once than one member can be asked for: further wants would go to the next tier
    await read(dags[0], 'car', 256)
    await read(dags[1], 'kubo', 256)
    expect([store.calls.length, router.status().members[2].totals.blocks]).to.deep.equal(before)
  })
})
