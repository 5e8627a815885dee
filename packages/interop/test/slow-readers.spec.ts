import { expect } from 'aegir/chai'
import { besideHonest } from '../src/attack/honest.ts'
import { seededBlocks } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { FULL } from '../src/full.ts'
import { needKubo } from '../src/needs.ts'
import { startRelay } from '../src/relay.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import { mostHeld } from './support/bounds.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'

const MiB = 1 << 20
const BLOCKS = FULL ? 400 : 200
/** For each that never reads a MiB may wait, and some more in its stream, in copies and in what libp2p keeps; one that reads has its window, 32 MiB. */
const UNREAD_BOUND = 32 * MiB
const BOUND = 64 * MiB
const TRANSPORTS = ['tcp', 'ws'] as const
/** Clients that share one total, MiB: each may have a MiB and more unsent. */
const CROWD = FULL ? 200 : 50
const TOTAL = FULL ? 64 : 16

type Transport = typeof TRANSPORTS[number]

describe(`the balancer's memory, when clients want ${BLOCKS} MiB each`, function () {
  this.timeout(120_000)

  let binary: string
  let holder: Kubo
  let blocks: TestBlock[]
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'the memory that clients cost which read slowly or never')
    holder = await peers.kubo()
    blocks = await seededBlocks(BLOCKS, MiB, 'slow readers')

    for (const { bytes } of blocks) {
      await holder.putBlock(bytes)
    }
  })

  after(async () => {
    await peers.stop()
  })

  /** How much more a new balancer holds during a task than after its first blocks, whose permanent cost, such as compiled code, is not bounded here. */
  const growth = async (task: (balancer: Balancer) => Promise<void>): Promise<number> => {
    const balancer = await peers.probed({ downstreams: [holder.url] })
    const first = await peers.wire()
    await first.connect(balancer.tcp)
    await first.fetch(balancer.peerId, blocks.slice(0, 10).map(({ cid }) => cid))
    await first.stop()

    try {
      return await mostHeld(balancer, async () => task(balancer))
    } finally {
      await balancer.stop()
    }
  }

  const hold = async ({ bytes }: TestBlock): Promise<unknown> => holder.putBlock(bytes)

  /** The growth while an honest client is served beside others. */
  const growthBesideHonest = async (transport: Transport, name: string, run: (balancer: Balancer) => Promise<void>): Promise<number> => {
    return growth(async balancer => besideHonest(balancer[transport], `${name}, over ${transport}`, hold, async () => run(balancer)))
  }

  const threeNeverRead = async (balancer: Balancer, transport: Transport): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      const peer = await peers.wire({ reads: false })
      await peer.connect(balancer[transport])
      await peer.want(balancer.peerId, blocks.map(({ cid }) => cid))
    }

    // time for anything that would be produced for clients that do not read
    await delay(5_000)
    const reader = await peers.wire()
    await reader.connect(balancer[transport])
    await reader.fetch(balancer.peerId, blocks.slice(-1).map(({ cid }) => cid))
  }

  const oneReadsFast = async (balancer: Balancer, transport: Transport): Promise<void> => {
    const reader = await peers.wire({ keeps: false })
    await reader.connect(balancer[transport])
    await reader.want(balancer.peerId, blocks.map(({ cid }) => cid))
    await reader.until(() => reader.bytesReceived >= BLOCKS * MiB, `all of ${BLOCKS} MiB`, 100_000)
  }

  TRANSPORTS.forEach(transport => {
    it(`holds less than 32 MiB more for three that never read, and an honest client is served meanwhile, over ${transport}`, async () => {
      const grown = await growthBesideHonest(transport, 'beside those that never read', async balancer => threeNeverRead(balancer, transport))

      expect(grown / MiB).to.be.lessThan(UNREAD_BOUND / MiB)
    })
  })

  it('holds less than 64 MiB more for three that read a little and then stop reading their sockets, over yamux and mplex', async () => {
    const grown = await growth(async balancer => {
      const freeze = async (muxer: 'yamux' | 'mplex', transport: Transport): Promise<void> => {
        const relay = await startRelay(balancer[transport])
        peers.onStop(relay.stop)
        const peer = await peers.wire({ muxer, keeps: false })
        await peer.connect(relay.address)
        await peer.want(balancer.peerId, blocks.map(({ cid }) => cid))
        await peer.until(() => peer.bytesReceived > 3 * MiB, 'the first blocks')
        relay.freeze()
      }

      await freeze('yamux', 'tcp')
      await freeze('mplex', 'tcp')
      await freeze('mplex', 'ws')
      await delay(5_000)
    })

    expect(grown / MiB).to.be.lessThan(BOUND / MiB)
  })

  it(`holds no more unsent for ${CROWD} that never read than the ${TOTAL} MiB that all may have, and a tenth; an honest client is served meanwhile`, async () => {
    const own = await peers.balancer({ downstreams: [holder.url], args: ['--max-unsent', `${TOTAL}MiB`] })
    let most = 0

    const crowd = async (): Promise<void> => {
      const waits = Array.from({ length: CROWD }, async (_, i) => {
        const peer = await peers.wire({ reads: false })
        await peer.connect(own[i % 2 === 0 ? 'tcp' : 'ws'])
        await peer.want(own.peerId, blocks.slice(i, i + 25).map(({ cid }) => cid))
      })
      const end = performance.now() + 6_000

      while (performance.now() < end) {
        most = Math.max(most, await own.metric('kitsune_router_unsent_bytes'))
        await delay(20)
      }

      await Promise.all(waits)
    }

    await besideHonest(own.tcp, 'beside a crowd that never reads', hold, crowd)

    expect(most / MiB, 'it was never used up').to.be.above(TOTAL / 2)
    expect(most / MiB).to.be.at.most(TOTAL * 1.1)
  })

  it('serves a kubo to the end that was suspended in the middle of its pin', async () => {
    const dag = await createDag(binary, { size: 64 * MiB, blockSize: 64 << 10, seed: 'stands still' })
    const holder = await peers.kubo({ dag })
    const own = await peers.balancer({ downstreams: [holder.url] })
    const client = await peers.kubo()
    await client.connect(own.tcp)

    const pin = client.pin(dag.root, { signal: AbortSignal.timeout(60_000) })
    await poll(async () => await client.blocksReceived() > 50, 'the pin to be under way', { interval: 10 })
    client.suspend()
    await delay(3_000)
    client.resume()
    expect(await client.blocksReceived(), 'it was done before it was suspended').to.be.lessThan(dag.blocks.length)

    await pin
    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  })

  TRANSPORTS.forEach(transport => {
    it(`holds less than 64 MiB more for one that reads as fast as it can, and an honest client is served meanwhile, over ${transport}`, async () => {
      const grown = await growthBesideHonest(transport, 'beside one that reads fast', async balancer => oneReadsFast(balancer, transport))

      expect(grown / MiB).to.be.lessThan(BOUND / MiB)
    })
  })
})
