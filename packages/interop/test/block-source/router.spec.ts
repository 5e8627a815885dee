import { carSource, memoryStore, mergedIndex, scanIndex } from '@kitsune/block-source'
import { faultStore } from '@kitsune/block-source/testing'
import { roundRobin, source, tiers, wantRouter } from '@kitsune/want-router'
import { kubo as kubos } from '@kitsune/want-router/discovery/kubo-rpc'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { createDag } from '../../src/dag.ts'
import { needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import type { Dag } from '../../src/dag.ts'
import type { Stack } from '../../src/stack.ts'
import type { FaultStore } from '@kitsune/block-source/testing'

/** A CAR that kubo has written. */
async function exported (all: Stack, dag: Dag): Promise<Uint8Array> {
  const node = await all.kubo({ dag })

  return new Uint8Array(await (await node.call('dag/export', [dag.root], { progress: 'false' })).arrayBuffer())
}

describe('CAR files behind a router, with kubo', function () {
  this.timeout(120_000)

  let binary: string
  let all: Stack

  before(function () {
    binary = needKubo(this, 'CAR files behind a router')
    all = stack(() => binary)
  })

  after(async () => {
    await all?.stop()
  })

  it('a kubo pins through the router what two CARs and another kubo have', async () => {
    const dags = await Promise.all(['a', 'b', 'c'].map(async seed => createDag(binary, { size: 4 << 20, blockSize: 1 << 18, seed })))
    const cars = await Promise.all(dags.slice(0, 2).map(async dag => exported(all, dag)))
    const stores = cars.map((car, i): FaultStore => faultStore(memoryStore({ objects: new Map([[`${i}.car`, car]]) })))
    const holder = await all.kubo({ dag: dags[2] })

    const router = await createLibp2p({
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        router: wantRouter({
          targets: [
            ...stores.map((store, i) => source(carSource({ store, index: mergedIndex([scanIndex(store, `${i}.car`)]) }), { id: `cars-${i}`, labels: { tier: '0' } })),
            ...kubos([{ url: holder.url, labels: { tier: '1' } }])
          ],
          strategy: tiers(roundRobin())
        })
      }
    })
    all.onStop(async () => router.stop())

    const client = await all.kubo()
    await client.connect(router.getMultiaddrs()[0].toString())

    for (const dag of dags) {
      await client.pin(dag.root)
      expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
    }

    expect(stores.every(({ calls }) => calls.length > 0)).to.equal(true)
  })
})
