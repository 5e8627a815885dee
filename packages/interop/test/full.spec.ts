import { expect } from 'aegir/chai'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const MiB = 1 << 20
const PLACES = 50

/** How long a newcomer may wait for its first block, ms. */
const SOON = 5_000

describe('a balancer whose places are all taken', function () {
  this.timeout(120_000)

  let binary: string
  let dag: Dag
  let block: TestBlock
  let holder: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'newcomers to a balancer that is full')
    dag = await createDag(binary, { size: 16 * MiB, blockSize: 256 << 10, seed: 'full' })
    block = await seededBlock(1_000, 'full')
  })

  beforeEach(async () => {
    holder = await peers.kubo({ dag })
    await holder.putBlock(block.bytes)
    balancer = await peers.balancer({ downstreams: [holder.url], args: ['--max-connections', String(PLACES)] })
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** Clients that have got what they wanted and keep their want stream open, as a kubo does. */
  const idle = async (count: number): Promise<WirePeer[]> => Promise.all(Array.from({ length: count }, async () => {
    const client = await peers.wire()
    await client.connect(balancer.tcp)
    await client.fetch(balancer.peerId, [block.cid], 30_000)

    return client
  }))

  const readiness = async (): Promise<{ status: number, body: unknown }> => {
    const answer = await fetch(`${balancer.admin}/readyz`)

    return { status: answer.status, body: await answer.json() }
  }

  const pinSoon = async (): Promise<void> => {
    const client = await peers.kubo()
    await client.connect(balancer.tcp)
    const pin = client.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
    await poll(async () => await client.blocksReceived() > 0, 'the pin to begin', { timeout: SOON })
    await pin
    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  }

  it('says so, and lets a newcomer pin: an idle client is disconnected', async () => {
    const clients = await idle(PLACES)
    // a client is idle some time after it got its last block
    await poll(async () => (await readiness()).status === 200, 'a client to be idle')
    expect(await readiness()).to.deep.equal({ status: 200, body: { status: 'ready', full: true } })
    expect(await balancer.metric('kitsune_balancer_full')).to.equal(1)
    expect(await balancer.metric('kitsune_balancer_connections')).to.equal(PLACES)

    await pinSoon()

    expect(await balancer.metric('kitsune_balancer_evicted_connections_total')).to.equal(1)
    expect(clients.filter(client => client.connections(balancer.peerId).length > 0)).to.have.lengthOf(PLACES - 1)
  })

  it('does not disconnect the client that transfers', async () => {
    const blocks = await seededBlocks(40, 256 << 10, 'transfers')
    await Promise.all(blocks.map(async ({ bytes }) => holder.putBlock(bytes)))
    const [transferring] = await idle(1)
    await idle(PLACES - 1)
    await poll(async () => {
      await transferring?.fetch(balancer.peerId, [block.cid])

      return (await readiness()).status === 200
    }, 'another client to be idle')

    // it wants one block after another for as long as the newcomer pins, and was connected first
    const state = { pinned: false }
    const pin = pinSoon().finally(() => { state.pinned = true })

    for (let i = 0; !state.pinned || i < blocks.length; i++) {
      const { cid } = blocks[i % blocks.length] ?? block
      await transferring?.fetch(balancer.peerId, [cid])
    }

    await pin

    expect(transferring?.connections(balancer.peerId)).to.have.lengthOf(1)
  })

  it('is not ready, and refuses newcomers, while every client transfers', async () => {
    const missing = await seededBlocks(PLACES, 1_000, 'no node has these, and the holder is asleep')
    const clients = await idle(PLACES)
    holder.suspend()
    await Promise.all(clients.map(async (client, i) => client.want(balancer.peerId, [missing[i]?.cid ?? block.cid])))
    await poll(async () => (await readiness()).status === 503, 'the balancer not to be ready')

    expect((await readiness()).body).to.deep.equal({ status: 'not ready', reason: `full: ${PLACES} clients are connected and none of them is idle` })
    await poll(() => balancer.output.some(line => line.includes('not ready: full')), 'the log to say so')
    const newcomer = await peers.wire()
    await expect(newcomer.connect(balancer.tcp)).to.eventually.be.rejected()
    expect(await balancer.metric('kitsune_balancer_refused_connections_total')).to.equal(1)
    expect(clients.every(client => client.connections(balancer.peerId).length === 1)).to.equal(true)
    holder.resume()
  })
})
