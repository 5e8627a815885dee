import { encodeFrame } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { honest, serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import { messageBlock } from '../src/wire-peer.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const V1_2 = '/ipfs/bitswap/1.2.0'

/** How long a want may take that must be asked again elsewhere. */
const REROUTED_MS = 2_000

/** A silent node is passed over after a quarter of a second; the rest is for a busy machine. */
const PASSED_OVER_MS = 1_000

describe('a downstream that lies, stalls or dies', function () {
  this.timeout(60_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  /** Uses round robin, so that the bad one is asked for every second block whatever it answered before. */
  const between = async (bad: WirePeer, good: WirePeer): Promise<{ balancer: Balancer, client: WirePeer }> => {
    const balancer = await peers.balancer({
      downstreams: [`${bad.addresses[0]};name=bad`, `${good.addresses[0]};name=good`],
      args: ['--strategy', 'round-robin']
    })
    await poll(async () => await balancer.metric('kitsune_router_member_up') === 2, 'both downstreams to be connected')
    const client = await peers.wire()
    await client.connect(balancer.tcp)

    return { balancer, client }
  }

  const expectAll = (client: WirePeer, blocks: readonly TestBlock[]): void => {
    for (const { cid, bytes } of blocks) {
      expect(Buffer.compare(client.blocks.get(cid.toString()) ?? new Uint8Array(), bytes)).to.equal(0)
    }
  }

  it('delivers none of a thousand corrupt blocks, ejects their sender, and asks elsewhere', async () => {
    const blocks = await seededBlocks(1_000, 1_000, 'corrupted')
    const bad = await peers.wire({
      listen: ['tcp'],
      onMessage: serveBlocks(blocks, (want, block) => want.wantType === 'have' || block == null
        ? honest(want, block)
        : { blocks: [messageBlock({ cid: block.cid, bytes: Uint8Array.from(block.bytes, byte => byte ^ 1) })] })
    })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
    const { balancer, client } = await between(bad, good)

    await client.fetch(balancer.peerId, blocks.map(({ cid }) => cid), 30_000)

    expectAll(client, blocks)
    // the client has asked for every block that it could hash: no corrupt byte has come
    expect(client.blocks.size).to.equal(blocks.length)
    expect(await balancer.metric('kitsune_router_member_unsolicited_blocks_total', 'bad')).to.be.greaterThan(0)
    await poll(async () => await balancer.metric('kitsune_router_member_ejections_total', 'bad') > 0, 'the liar to be ejected')
    expect(await balancer.metric('kitsune_router_member_ejections_total', 'good')).to.equal(0)
  })

  it('has a block with an unknown hash function dropped', async () => {
    const block = await seededBlock(1_000, 'unknown prefix')
    const unknown = Uint8Array.from([1, 0x55, 0x80, 0x80, 0xc0, 0x01, 0x20])
    const bad = await peers.wire({
      listen: ['tcp'],
      onMessage: serveBlocks([block], () => ({ blocks: [{ prefix: unknown, data: block.bytes }, { prefix: new Uint8Array(0), data: block.bytes }] }))
    })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([block]) })
    const { balancer, client } = await between(bad, good)

    await client.fetch(balancer.peerId, [block.cid], 20_000)
    expect(client.received.flatMap(({ message }) => message.blocks)).to.have.lengthOf(1)
  })

  it('has unsolicited blocks dropped', async () => {
    const [pushed, wanted] = await seededBlocks(2, 1_000, 'pushed by a downstream') as [TestBlock, TestBlock]
    const flood = await seededBlocks(2_000, 10_000, 'flood')
    const bad = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([wanted]) })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([wanted]) })
    const { balancer, client } = await between(bad, good)
    const downstreamPeer = bad.host.getPeers()[0]?.toString() ?? ''

    await bad.sendBlocks(downstreamPeer, [pushed])
    let sent = 0

    try {
      for (; sent < flood.length; sent += 50) {
        await bad.sendBlocks(downstreamPeer, flood.slice(sent, sent + 50))
      }
    } catch {
      // its session was ended, and it will be dialled again
    }

    expect(sent).to.be.below(flood.length)
    await client.want(balancer.peerId, [pushed.cid], { sendDontHave: true })
    await client.fetch(balancer.peerId, [wanted.cid])
    await client.until(() => client.presences.get(pushed.cid.toString()) === 'dont-have', 'DONT_HAVE for the block that was only pushed')
    await poll(async () => await balancer.metric('kitsune_router_unsent_bytes') === 0, 'nothing to be kept')
  })

  it('cannot exceed the size of a message, but can deliver a block that fills one to the last byte', async () => {
    const [allowed, tooLarge] = await Promise.all([seededBlock(4_194_286, 'allowed'), seededBlock(4_194_305, 'too large')])
    const bad = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([allowed, tooLarge]) })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([allowed]) })
    const { balancer, client } = await between(bad, good)

    await client.want(balancer.peerId, [tooLarge.cid])
    await client.fetch(balancer.peerId, [allowed.cid], 20_000)
    expect(client.blocks.has(tooLarge.cid.toString())).to.equal(false)
  })

  it('has its wants asked elsewhere within two seconds when it dies in the middle of a block', async () => {
    const blocks = await seededBlocks(40, 100_000, 'dies')
    let died = 0
    const bad: WirePeer = await peers.wire({
      listen: ['tcp'],
      onMessage: ({ message, from }) => {
        const want = message.wants.find(({ cancel, wantType }) => !cancel && wantType === 'block')
        const block = blocks.find(({ cid }) => want != null && cid.equals(CID.decode(want.cid)))

        if (block == null || died > 0) {
          return
        }

        died = performance.now()
        const frame = Buffer.concat(encodeFrame({ blocks: [messageBlock(block)] }, V1_2))
        void bad.sendRaw(from, frame.subarray(0, frame.length / 2)).then(() => {
          bad.connections(from).forEach(connection => { connection.abort(new Error('dies')) })
          void bad.stop()
        })
      }
    })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
    const { balancer, client } = await between(bad, good)

    await client.fetch(balancer.peerId, blocks.map(({ cid }) => cid), 20_000)
    expectAll(client, blocks)
    expect(died).to.be.greaterThan(0)
    expect(performance.now() - died).to.be.lessThan(REROUTED_MS)
  })

  it('has its wants asked elsewhere when it never answers, and delays no other wants until then', async () => {
    const blocks = await seededBlocks(40, 10_000, 'stalls')
    const bad = await peers.wire({ listen: ['tcp'], onMessage: () => {} })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
    const { balancer, client } = await between(bad, good)

    const fetched = client.fetch(balancer.peerId, blocks.map(({ cid }) => cid), 30_000)
    await client.until(() => client.blocks.size >= blocks.length / 2, 'the blocks that the other was asked for', PASSED_OVER_MS)
    await fetched
    expectAll(client, blocks)
    expect(bad.received, 'it was never asked').to.not.be.empty()
    expect(await balancer.metric('kitsune_router_member_timeouts_total', 'bad')).to.be.greaterThan(0)
  })

  it('is not believed after it said HAVE and did not send the block', async () => {
    const blocks = await seededBlocks(10, 10_000, 'only says HAVE')
    const bad = await peers.wire({
      listen: ['tcp'],
      onMessage: serveBlocks(blocks, (want) => want.wantType === 'have' ? { presences: [{ cid: want.cid, have: true }] } : undefined)
    })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
    const { balancer, client } = await between(bad, good)
    const cids = blocks.map(({ cid }) => cid)

    await client.want(balancer.peerId, cids, { type: 'have', sendDontHave: true })
    await client.until(() => cids.every(cid => client.presences.get(cid.toString()) === 'have'), 'HAVE')
    await client.fetch(balancer.peerId, cids, 30_000)
    expectAll(client, blocks)
  })

  it('is not blamed for its silence when its protocol does not support DONT_HAVE', async () => {
    const blocks = await seededBlocks(60, 10_000, 'speaks 1.1.0')
    const old = await peers.wire({ listen: ['tcp'], protocols: ['/ipfs/bitswap/1.1.0'], onMessage: serveBlocks(blocks.slice(0, 20)) })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks.slice(20, 40)) })
    const { balancer, client } = await between(old, good)

    await client.want(balancer.peerId, blocks.map(({ cid }) => cid), { sendDontHave: true })
    await client.until(() => client.blocks.size === 40, 'the blocks of the two', 20_000)
    // time for the want of a block that it does not have to be given up, again and again
    await delay(6_000)

    expect(await balancer.metric('kitsune_router_member_ejections_total')).to.equal(0)
    expect(client.presences.size, 'a DONT_HAVE that only one of two had sent').to.equal(0)
  })

  it('is ejected while it flaps, and no other member is', async () => {
    const blocks = await seededBlocks(60, 1_000, 'flaps')
    const bad = await peers.wire({
      listen: ['tcp'],
      onMessage: ({ from }) => { bad.connections(from).forEach(connection => { connection.abort(new Error('flaps')) }) }
    })
    const good = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
    const { balancer, client } = await between(bad, good)

    for (const block of blocks) {
      await client.fetch(balancer.peerId, [block.cid], 20_000)
      await delay(50)
    }

    expect(await balancer.metric('kitsune_router_member_ejections_total', 'bad')).to.be.within(1, 2)
    expect(await balancer.metric('kitsune_router_member_up', 'good')).to.equal(1)
    expect(client.connections(balancer.peerId)).to.have.lengthOf(1)
  })
})
