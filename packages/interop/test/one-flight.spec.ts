import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { seededBlocks } from '../src/blocks.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { TestBlock } from '../src/blocks.ts'

describe('peers that send a stream, its data and its end in one flight', function () {
  this.timeout(60_000)

  const peers = stack()
  /** Blocks with a CIDv0, which every version can carry. */
  let blocks: TestBlock[]

  before(async () => {
    blocks = await Promise.all((await seededBlocks(100, 1_000, 'one flight')).map(async ({ bytes }) => ({
      cid: CID.createV0(await sha256.digest(bytes)),
      bytes
    })))
  })

  afterEach(async () => {
    await peers.stop()
  })

  const variants = (['yamux', 'mplex'] as const).flatMap(muxer => BITSWAP_PROTOCOLS.map(protocol => ({ muxer, protocol })))

  variants.forEach(({ muxer, protocol }) => {
    it(`are served as clients and understood as nodes, in ${protocol} over ${muxer}`, async () => {
      const behaviour = { muxer, protocols: [protocol], inOneFlight: true }
      const node = await peers.wire({ ...behaviour, listen: ['tcp'], onMessage: serveBlocks(blocks) })
      const balancer = await peers.balancer({ downstreams: node.addresses })
      const client = await peers.wire(behaviour)
      await client.connect(balancer.tcp)
      // libp2p drops streams that come in one flight before its end of the connection is ready: an answer proves that it is
      await (await client.openStream(balancer.peerId)).close()

      await Promise.all(blocks.map(async ({ cid }) => client.fetch(balancer.peerId, [cid], 5_000)))

      expect(await balancer.metric('kitsune_router_dropped_messages_total')).to.equal(0)
      expect(await balancer.metric('kitsune_router_member_timeouts_total')).to.equal(0)
    })
  })

  it('leave no stream open at a peer that only reads', async () => {
    const reader = await peers.wire({ listen: ['tcp'] })
    const sender = await peers.wire({ inOneFlight: true })
    await sender.connect(reader.addresses[0] ?? '')
    await poll(() => reader.connections(sender.peerId).length === 1, 'the other end')

    for (const block of blocks) {
      await sender.sendBlocks(reader.peerId, [block])
    }

    await reader.until(() => reader.blocks.size === blocks.length, 'all blocks')
    const [connection] = sender.connections(reader.peerId)
    await poll(() => connection?.streams.length === 0, 'no stream to be left')
  })
})
