import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'

const UNVERSIONED = '/ipfs/bitswap'
const V1_0 = '/ipfs/bitswap/1.0.0'
const V1_1 = '/ipfs/bitswap/1.1.0'
const V1_2 = '/ipfs/bitswap/1.2.0'

describe('clients of every protocol version and muxer', function () {
  this.timeout(60_000)

  let binary: string
  let holder: Kubo
  let balancer: Balancer
  /** A block with a raw CIDv1, which 1.0.0 cannot carry. */
  let rawBlocks: TestBlock[]
  /** The same length, as CIDv0. */
  let v0Blocks: CID[]
  let missing: TestBlock
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'clients of old protocol versions and of both muxers')
    holder = await peers.kubo()
    balancer = await peers.balancer({ downstreams: [holder.url] })
    rawBlocks = await seededBlocks(20, 50_000, 'versions')
    missing = await seededBlock(1000, 'no node has this')
    await Promise.all(rawBlocks.map(async ({ bytes }) => holder.putBlock(bytes)))
    v0Blocks = await Promise.all(rawBlocks.map(async (_, i) => {
      const text = `version ${i}`

      return CID.parse(await holder.putBlock(Uint8Array.from([0x0a, text.length, ...Buffer.from(text)]), { codec: 'v0' }))
    }))
  })

  after(async () => {
    await peers.stop()
  })

  const wanted = (protocol: BitswapProtocol): CID[] => protocol === V1_0 || protocol === UNVERSIONED
    ? v0Blocks
    : [...rawBlocks.map(({ cid }) => cid), ...v0Blocks]

  const clients = (['yamux', 'mplex'] as const).flatMap(muxer =>
    (['tcp', 'ws'] as const).flatMap(transport =>
      ([UNVERSIONED, V1_0, V1_1, V1_2] as const).map(protocol => ({ muxer, transport, protocol }))))

  clients.forEach(({ muxer, transport, protocol }) => {
    it(`serves a client that speaks only ${protocol}, over ${muxer} and ${transport}, in its own terms`, async () => {
      const client = await peers.wire({ muxer, protocols: [protocol] })
      await client.connect(balancer[transport])

      await client.fetch(balancer.peerId, wanted(protocol))

      for (const { message, ...received } of client.received) {
        expect(received.protocol).to.equal(protocol)

        if (protocol !== V1_2) {
          expect(message.presences, 'a presence, which came with 1.2.0').to.be.empty()
        }
      }
    })
  })

  it('sends no presence to a client of 1.1.0, and no block that it only asked about', async () => {
    const client = await peers.wire({ protocols: [V1_1] })
    await client.connect(balancer.tcp)

    // 1.1.0 has no want-have: each of its wants is for the block
    await client.want(balancer.peerId, [missing.cid, rawBlocks[0]?.cid ?? missing.cid], { sendDontHave: true })
    await client.until(() => client.blocks.size === 1, 'the one block that exists')

    expect(client.presences.size).to.equal(0)
  })

  it('serves an mplex client that opens a stream a message, forty blocks one after another', async () => {
    const blocks = await seededBlocks(40, 2_000, 'serial')
    await Promise.all(blocks.map(async ({ bytes }) => holder.putBlock(bytes)))

    const client = await peers.wire({ muxer: 'mplex', streamPerMessage: true })
    await client.connect(balancer.ws)

    for (const { cid } of blocks) {
      await client.fetch(balancer.peerId, [cid])
    }

    expect(client.connections(balancer.peerId), 'reconnected on the way').to.have.lengthOf(1)
    expect(client.blocks.size).to.equal(40)
  })
})
