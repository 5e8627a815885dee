import { expect } from 'aegir/chai'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import { wantEntry } from '../src/wire-peer.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'
import type { WirePeer } from '../src/wire-peer.ts'

describe('the messages of a client about its wants', function () {
  this.timeout(60_000)

  let binary: string
  let first: Kubo
  let second: Kubo
  let balancer: Balancer
  let client: WirePeer
  const peers = stack(() => binary)
  let counter = 0

  /** Makes a block that no other test uses, held by `holders`. */
  const fresh = async (size: number, ...holders: Kubo[]): Promise<TestBlock> => {
    const block = await seededBlock(size, `wants ${counter++}`)
    await Promise.all(holders.map(async kubo => kubo.putBlock(block.bytes)))

    return block
  }

  before(async function () {
    binary = needKubo(this, 'want types, cancels, full wantlists and late blocks')
    first = await peers.kubo()
    second = await peers.kubo()
    balancer = await peers.balancer({ downstreams: [first.url, second.url] })
  })

  beforeEach(async () => {
    client = await peers.wire()
    await client.connect(balancer.tcp)
  })

  afterEach(async () => {
    await client.stop()
  })

  after(async () => {
    await peers.stop()
  })

  it('answers a want-have with HAVE, and the want-block after it with the block', async () => {
    const block = await fresh(50_000, second)
    const id = block.cid.toString()

    await client.want(balancer.peerId, [block.cid], { type: 'have', sendDontHave: true })
    await client.until(() => client.presences.get(id) === 'have', 'HAVE')
    expect(client.blocks.has(id), 'a large block sent for a want-have').to.equal(false)

    await client.want(balancer.peerId, [block.cid], { sendDontHave: true })
    await client.until(() => client.blocks.has(id), 'the block')
  })

  it('answers the same want again at once when it is repeated after its block', async () => {
    const block = await fresh(10_000, first)
    const id = block.cid.toString()

    const again = async (times: number): Promise<void> => {
      await client.want(balancer.peerId, [block.cid])
      await client.until(() => client.arrivals.get(id) === times, `the block for the ${times}. time`, 1_000)
    }

    await again(1)
    await again(2)
    await again(3)
  })

  it('says DONT_HAVE once when no downstream has it, and delivers the block when it turns up later', async () => {
    const block = await fresh(10_000)
    const id = block.cid.toString()

    await client.want(balancer.peerId, [block.cid], { sendDontHave: true })
    await client.until(() => client.presences.get(id) === 'dont-have', 'DONT_HAVE')

    await second.putBlock(block.bytes)
    await client.until(() => client.blocks.has(id), 'the late block')

    const denials = client.received.flatMap(({ message }) => message.presences).filter(({ have }) => !have)
    expect(denials).to.have.lengthOf(1)
  })

  it('is silent about a block that no downstream has if no DONT_HAVE was asked for', async () => {
    const block = await fresh(10_000)
    const other = await fresh(10_000)

    await client.want(balancer.peerId, [block.cid])
    // an answer to the first want would come before this one
    await client.want(balancer.peerId, [other.cid], { sendDontHave: true })
    await client.until(() => client.presences.get(other.cid.toString()) === 'dont-have', 'DONT_HAVE for the second')
    expect(client.presences.has(block.cid.toString())).to.equal(false)

    await first.putBlock(block.bytes)
    await client.until(() => client.blocks.has(block.cid.toString()), 'the late block')
  })

  it('never says HAVE and then DONT_HAVE for one want', async () => {
    const block = await fresh(50_000, first)
    const id = block.cid.toString()

    await client.want(balancer.peerId, [block.cid], { type: 'have', sendDontHave: true })
    await client.until(() => client.presences.has(id), 'an answer')
    await first.removeBlock(id)
    await client.want(balancer.peerId, [block.cid], { sendDontHave: true })
    await delay(500)

    const said = client.received.flatMap(({ message }) => message.presences).map(({ have }) => have)
    expect(said).to.deep.equal([true])
  })

  it('sends a block after a cancel only to the client that still wants it', async () => {
    const block = await fresh(10_000)
    const id = block.cid.toString()
    const other = await peers.wire()
    await other.connect(balancer.ws)

    await client.want(balancer.peerId, [block.cid])
    await other.want(balancer.peerId, [block.cid])
    await poll(async () => (await first.wantsOf(await downstreamPeer())).includes(id), 'the want downstream')
    await client.cancel(balancer.peerId, [block.cid])
    // a later message of the same peer that is answered: its cancel has been read
    const marker = await fresh(100, first)
    await client.fetch(balancer.peerId, [marker.cid])

    await first.putBlock(block.bytes)
    await other.until(() => other.blocks.has(id), 'the block')
    await client.fetch(balancer.peerId, [(await fresh(100, second)).cid])
    expect(client.blocks.has(id)).to.equal(false)
  })

  it('cancels the want at the downstreams when its last waiter cancels or leaves', async () => {
    const cancelled = await fresh(10_000)
    const left = await fresh(10_000)
    const leaver = await peers.wire()
    await leaver.connect(balancer.tcp)

    await client.want(balancer.peerId, [cancelled.cid])
    await leaver.want(balancer.peerId, [left.cid])

    const listed = async (): Promise<string[]> => [
      ...await first.wantsOf(await downstreamPeer()),
      ...await second.wantsOf(await downstreamPeer())
    ]

    await poll(async () => {
      const wants = await listed()

      return wants.includes(cancelled.cid.toString()) && wants.includes(left.cid.toString())
    }, 'both wants downstream')

    await client.cancel(balancer.peerId, [cancelled.cid])
    await leaver.stop()

    await poll(async () => {
      const wants = await listed()

      return !wants.includes(cancelled.cid.toString()) && !wants.includes(left.cid.toString())
    }, 'neither want downstream')
  })

  it('replaces only the sender\'s list by a full wantlist', async () => {
    const [old, kept, shared] = await Promise.all([fresh(10_000), fresh(10_000), fresh(10_000)])
    const other = await peers.wire()
    await other.connect(balancer.tcp)

    await client.want(balancer.peerId, [old.cid, shared.cid])
    await other.want(balancer.peerId, [old.cid])
    await client.send(balancer.peerId, { full: true, wants: [wantEntry(kept.cid), wantEntry(shared.cid)] })
    await client.fetch(balancer.peerId, [(await fresh(100, first)).cid])
    await other.fetch(balancer.peerId, [(await fresh(100, first)).cid])

    await Promise.all([old, kept, shared].map(async ({ bytes }) => first.putBlock(bytes)))

    await other.until(() => other.blocks.has(old.cid.toString()), 'the other peer\'s block')
    await client.until(() => client.blocks.has(kept.cid.toString()) && client.blocks.has(shared.cid.toString()), 'the blocks of the full list')
    expect(client.blocks.has(old.cid.toString())).to.equal(false)
  })

  it('asks a downstream once for a block wanted a thousand times by one peer, and sends it once', async () => {
    const block = await fresh(50_000)
    const holder = await peers.wire({ listen: ['tcp'] })
    const own = await peers.balancer({ downstreams: holder.addresses })
    await client.connect(own.tcp)

    await client.send(own.peerId, { wants: Array.from({ length: 500 }, () => wantEntry(block.cid)) })
    await Promise.all(Array.from({ length: 500 }, async () => client.want(own.peerId, [block.cid])))
    await poll(async () => await own.metric('kitsune_router_wants_total') === 1_000, 'all wants to be read')

    const [requester] = holder.received.map(({ from }) => from)
    await holder.sendBlocks(requester ?? '', [block])
    await client.until(() => client.blocks.has(block.cid.toString()), 'the block')
    await poll(async () => await own.metric('kitsune_router_wants') === 0, 'the wants to be settled')

    expect(holder.received.flatMap(({ message }) => message.wants).filter(({ cancel }) => !cancel)).to.have.lengthOf(1)
    expect(client.arrivals.get(block.cid.toString())).to.equal(1)
  })

  it('has no wants left after a million cancels of wanted and unwanted blocks', async () => {
    const blocks = await seededBlocks(2_000, 32, 'cancels')
    const message = {
      wants: [
        ...blocks.slice(0, 500).map(({ cid }) => wantEntry(cid)),
        ...blocks.map(({ cid }) => wantEntry(cid, { cancel: true }))
      ]
    }

    for (let round = 0; round < 500; round++) {
      await client.send(balancer.peerId, message)
    }

    const marker = await fresh(100, first)
    const start = performance.now()
    await client.fetch(balancer.peerId, [marker.cid], 20_000)
    expect(performance.now() - start).to.be.lessThan(20_000)
    await poll(async () => await balancer.metric('kitsune_router_wants') === 0, 'no want to be left')
    await poll(async () => await balancer.metric('kitsune_router_fetches') === 0, 'no fetch to be left')
  })

  it('keeps a peer\'s wants when one of its two connections closes', async () => {
    const block = await fresh(10_000)
    const second = await client.host.dial(client.host.getConnections()[0]?.remoteAddr ?? [], { force: true })

    expect(client.connections(balancer.peerId)).to.have.lengthOf(2)
    await client.want(balancer.peerId, [block.cid])
    await poll(async () => (await first.wantsOf(await downstreamPeer())).includes(block.cid.toString()), 'the want downstream')
    await second.close()

    await first.putBlock(block.bytes)
    await client.until(() => client.blocks.has(block.cid.toString()), 'the block over the other connection')
  })

  /** The peer id of the balancer towards nodes, which is not its public one. */
  const downstreamPeer = async (): Promise<string> => {
    const [peer] = await first.peers()

    return peer ?? ''
  }
})
