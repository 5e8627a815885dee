import { createHash } from 'node:crypto'
import { CarBlockIterator } from '@ipld/car'
import { expect } from 'aegir/chai'
import * as raw from 'multiformats/codecs/raw'
import { createDag } from '../../src/dag.ts'
import { FULL } from '../../src/full.ts'
import { needKubo } from '../../src/needs.ts'
import { recordHttp } from '../../src/results.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Dag } from '../../src/dag.ts'
import type { Kubo } from '../../src/kubo.ts'

const SIZE = 256 << 20
/** How soon clients are served after a node has come back, ms. */
const RETURN_MS = 5000

describe('HTTP clients of a balancer whose nodes go down', function () {
  this.timeout(300_000)

  let binary: string
  let dag: Dag
  let holders: [Kubo, Kubo]
  let balancer: Balancer
  const nodes = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'CARs while nodes go down')
    dag = await createDag(binary, { size: SIZE, blockSize: 256 << 10, seed: 'failover' })
    holders = [await nodes.kubo({ dag }), await nodes.kubo({ dag })]
    balancer = await nodes.balancer({ downstreams: holders.map(({ url }) => url), args: ['--http', 'http://127.0.0.1:0'] })
    await poll(async () => await balancer.metric('kitsune_router_member_up') === 2, 'both nodes to be up')
  })

  after(async () => {
    await nodes.stop()
  })

  /** Reads the file's bytes out of its CAR; `at` is called as they come. */
  async function readCar (at: (length: number) => Promise<void>): Promise<{ length: number, sha256: string }> {
    const response = await fetch(`${balancer.http[0]}/ipfs/${dag.root}?format=car&dag-scope=entity`)
    expect(response.status).to.equal(200)
    const hash = createHash('sha256')
    let length = 0

    for await (const { cid, bytes } of await CarBlockIterator.fromIterable(response.body as unknown as AsyncIterable<Uint8Array>)) {
      if (cid.code === raw.code) {
        hash.update(bytes)
        length += bytes.byteLength
        await at(length)
      }
    }

    return { length, sha256: hash.digest('hex') }
  }

  /** Calls once, when a share of the file has been read. */
  function onceAt (share: number, run: () => Promise<void>): (length: number) => Promise<void> {
    let done = false

    return async length => {
      if (!done && length >= share * SIZE) {
        done = true
        await run()
      }
    }
  }

  async function block (method = 'GET'): Promise<Response> {
    const response = await fetch(`${balancer.http[0]}/ipfs/${dag.root}?format=raw`, { method })
    await response.arrayBuffer()

    return response
  }

  it(`get a CAR of ${SIZE >> 20} MiB to its end though a node is killed`, async () => {
    const start = performance.now()
    expect(await readCar(onceAt(0.3, async () => holders[0].kill()))).to.deep.equal({ length: SIZE, sha256: dag.sha256 })
    FULL && recordHttp([{ what: 'a CAR is read, and one of two nodes is killed at 30 %', size: SIZE, seconds: (performance.now() - start) / 1000 }])
  })

  it('are told at once that there is no node, and are served within 5 s after one returns', async () => {
    await holders[1].kill()
    await poll(async () => !await balancer.ready(), 'the balancer to notice')

    for (const method of ['GET', 'HEAD']) {
      const start = performance.now()
      const response = await block(method)
      expect(response.status, method).to.equal(503)
      expect(response.headers.get('retry-after')).to.match(/^\d+$/)
      expect(performance.now() - start).to.be.below(500)
    }

    expect((await fetch(`${balancer.http[0]}/ipfs/bafkqaaa?format=raw`)).status, 'the probe').to.equal(200)

    await holders[1].restart()
    const start = performance.now()
    await poll(async () => (await block()).status === 200, 'a block', { timeout: RETURN_MS })
    expect(performance.now() - start).to.be.below(RETURN_MS)
  })

  it('get a CAR to its end though the only node goes down and comes back', async () => {
    expect(await readCar(onceAt(0.3, async () => {
      await holders[1].kill()
      await holders[1].restart()
    }))).to.deep.equal({ length: SIZE, sha256: dag.sha256 })
  })
})
