import { expect } from 'aegir/chai'
import { createHolder } from '../src/attack/holder.ts'
import { besideHonest } from '../src/attack/honest.ts'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { needKubo } from '../src/needs.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { createWirePeer } from '../src/wire-peer.ts'
import type { Holder } from '../src/attack/holder.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const CROWD = 500

describe('many clients at once', function () {
  this.timeout(120_000)

  let binary: string
  const peers = stack(() => binary)
  const crowd: WirePeer[] = []

  before(function () {
    binary = needKubo(this, 'crowds of clients')
  })

  afterEach(async () => {
    await Promise.all(crowd.splice(0).map(async peer => peer.stop()))
    await peers.stop()
  })

  /** Dials in batches: only the wants must be simultaneous, not the handshakes. */
  const gather = async (count: number, address: string, batch = 25): Promise<void> => {
    crowd.length = 0

    for (let i = 0; i < count; i += batch) {
      crowd.push(...await Promise.all(Array.from({ length: batch }, async () => createWirePeer())))
      await Promise.all(crowd.slice(i).map(async peer => peer.connect(address)))
    }
  }

  it('causes one downstream want for one block that five hundred want, and delivers it to all', async () => {
    const block = await seededBlock(1_000, 'popular')
    const kubo = await peers.kubo()
    const balancer = await peers.balancer({ downstreams: [kubo.url] })

    await gather(CROWD, balancer.tcp)
    await Promise.all(crowd.map(async peer => peer.want(balancer.peerId, [block.cid])))
    await poll(async () => await balancer.metric('kitsune_router_wants_total') === CROWD, 'all wants to be read')
    // all wants have come now, however long five hundred messages took to read
    await kubo.putBlock(block.bytes)
    await Promise.all(crowd.map(async peer => peer.until(() => peer.blocks.has(block.cid.toString()), 'the block', 20_000)))

    expect(await balancer.metric('kitsune_router_member_asks_total')).to.equal(1)
    expect(await balancer.metric('kitsune_router_member_blocks_total')).to.equal(1)
    expect(await balancer.metric('kitsune_router_blocks_sent_total')).to.equal(CROWD)
  })

  it('asks once for a block that the second of two downstreams sends slowly, and delivers it to all', async () => {
    const block = await seededBlock(300_000, 'popular and slow')
    const [first, second] = await Promise.all([peers.wire({ listen: ['tcp'], onMessage: serveBlocks([]) }), peers.wire({ listen: ['tcp'] })])
    const balancer = await peers.balancer({ downstreams: [...first.addresses, ...second.addresses] })

    await gather(50, balancer.tcp)
    await Promise.all(crowd.map(async peer => peer.want(balancer.peerId, [block.cid])))
    await poll(async () => await balancer.metric('kitsune_router_wants_total') === 50, 'all wants to be read')
    await second.until(() => second.received.length > 0, 'the want to reach the second')
    await second.sendBlocks(second.received[0]?.from ?? '', [block])
    await Promise.all(crowd.map(async peer => peer.until(() => peer.blocks.has(block.cid.toString()), 'the block', 20_000)))

    const asked = [...first.received, ...second.received].flatMap(({ message }) => message.wants).filter(({ cancel }) => !cancel)
    expect(asked.length, 'one want of each of the two').to.be.at.most(2)
    expect(crowd.every(peer => peer.arrivals.get(block.cid.toString()) === 1)).to.equal(true)
  })

  /** Starts a balancer in front of one member that has the blocks, and those that `hold` adds. */
  const inFront = async (blocks: readonly TestBlock[]): Promise<{ balancer: Balancer, hold: Holder['hold'] }> => {
    const { hold, onMessage } = createHolder(blocks)
    const { addresses } = await peers.wire({ listen: ['tcp'], keeps: false, onMessage })

    return { balancer: await peers.balancer({ downstreams: addresses }), hold }
  }

  for (const transport of ['tcp', 'ws'] as const) {
    it(`admits and serves forty that dial at once from one address, and one that was connected before, over ${transport}`, async () => {
      const block = await seededBlock(10_000, 'forty')
      const { balancer, hold } = await inFront([block])

      await besideHonest(balancer[transport], 'there before a crowd', hold, async () => {
        await gather(40, balancer[transport], 40)
        await Promise.all(crowd.map(async peer => peer.fetch(balancer.peerId, [block.cid])))
      })

      expect(crowd.filter(peer => peer.connections(balancer.peerId).length === 1)).to.have.lengthOf(40)
    })
  }

  it('keeps nothing of five hundred that came, wanted and left', async () => {
    const blocks = await seededBlocks(20, 100, 'no node has these')
    const kubo = await peers.kubo()
    const balancer = await peers.balancer({ downstreams: [kubo.url] })

    await gather(CROWD, balancer.tcp)
    await Promise.all(crowd.map(async peer => peer.want(balancer.peerId, blocks.map(({ cid }) => cid))))
    await poll(async () => await balancer.metric('kitsune_router_wants') === CROWD * blocks.length, 'the wants to arrive', { timeout: 20_000 })
    await Promise.all(crowd.splice(0).map(async peer => peer.stop()))

    for (const gauge of ['kitsune_router_clients', 'kitsune_router_wants', 'kitsune_router_fetches', 'kitsune_router_unsent_bytes']) {
      await poll(async () => await balancer.metric(gauge) === 0, `${gauge} to be 0`)
    }

    const [downstreamPeer] = await kubo.peers()
    await poll(async () => (await kubo.wantsOf(downstreamPeer ?? '')).length === 0, 'no want to be left downstream')
  })

  for (const transport of ['tcp', 'ws'] as const) {
    it(`serves forty-nine small clients, and one that was connected before, while one wants everything, over ${transport}`, async () => {
      const hogged = await seededBlocks(1_000, 50_000, 'hog')
      const small = await seededBlocks(49, 1_000, 'small')
      const { balancer, hold } = await inFront([...hogged, ...small])

      await gather(49, balancer[transport], 7)

      const hog = await peers.wire({ keeps: false })
      await hog.connect(balancer[transport])

      await besideHonest(balancer[transport], 'there before a crowd', hold, async () => {
        await hog.want(balancer.peerId, hogged.map(({ cid }) => cid))
        await hog.until(() => hog.bytesReceived > 1_000_000, 'the hog to be under way')

        const before = hog.bytesReceived
        const meanwhile = await Promise.all(crowd.map(async (peer, i) => {
          await peer.fetch(balancer.peerId, small.slice(i, i + 1).map(({ cid }) => cid))

          return hog.bytesReceived - before
        }))

        // counted in bytes, since a slow machine makes all of them wait equally: only what is already on its way, and little more
        expect(Math.max(...meanwhile), 'bytes that the hog received while the others waited').to.be.lessThan(16_000_000)
        expect(before + 16_000_000, 'or the hog could not have had more').to.be.lessThan(hogged.length * 50_000)
      })
    })
  }
})
