import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha512 } from 'multiformats/hashes/sha2'
import { blockOf } from '../src/blocks.ts'
import { seededBuffer } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const MiB = 1 << 20

/** The size that, with a raw sha2-256 CID, exactly fills boxo's 4,194,304 bytes of message. */
const LARGEST = 4_194_286

/** A dag-pb node without links, so that it can have a CIDv0. */
function dagPbNode (text: string): Uint8Array {
  const data = Buffer.from(text)

  return Uint8Array.from([0x0a, data.length, ...data])
}

describe('special blocks, through the balancer', function () {
  this.timeout(60_000)

  let binary: string
  let holder: Kubo
  let balancer: Balancer
  let client: Kubo
  let wire: WirePeer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'blocks of unusual sizes and hashes through the balancer')
    holder = await peers.kubo()
    balancer = await peers.balancer({ downstreams: [holder.url] })
    client = await peers.kubo()
    wire = await peers.wire()
    await client.connect(balancer.tcp)
    await wire.connect(balancer.tcp)
  })

  after(async () => {
    await peers.stop()
  })

  const travels = async (block: TestBlock): Promise<void> => {
    expect(equal(await client.getBlock(block.cid.toString()), block.bytes), 'kubo got other bytes').to.equal(true)

    const [bytes] = await wire.fetch(balancer.peerId, [block.cid])
    expect(equal(bytes ?? new Uint8Array(), block.bytes), 'the wire peer got other bytes').to.equal(true)
  }

  [2 * MiB, LARGEST, 1].forEach(size => {
    it(`delivers a block of ${size} bytes`, async () => {
      const block = await blockOf(seededBuffer(size, `size ${size}`))

      expect(await holder.putBlock(block.bytes)).to.equal(block.cid.toString())
      await travels(block)
    })
  })

  it('delivers the empty block, for which kubo as a server says DONT_HAVE', async () => {
    const empty = await blockOf(new Uint8Array(0))
    const server = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([empty]) })
    const own = await peers.balancer({ downstreams: [...server.addresses, holder.url] })

    await holder.putBlock(empty.bytes)
    await wire.connect(own.tcp)
    expect(await wire.fetch(own.peerId, [empty.cid])).to.deep.equal([new Uint8Array(0)])

    const other = await peers.kubo()
    await other.connect(own.tcp)
    expect(await other.getBlock(empty.cid.toString())).to.have.lengthOf(0)
  })

  it('delivers a sha2-512 block', async () => {
    const block = await blockOf(seededBuffer(100_000, 'sha2-512'), { hasher: sha512 })

    expect(await holder.putBlock(block.bytes, { hash: 'sha2-512' })).to.equal(block.cid.toString())
    await travels(block)
  })

  it('delivers a blake2b-256 block', async () => {
    const block = await blockOf(seededBuffer(100_000, 'blake2b'), { hasher: blake2b256 })

    expect(await holder.putBlock(block.bytes, { hash: 'blake2b-256' })).to.equal(block.cid.toString())
    await travels(block)
  })

  it('delivers one multihash as the CIDv0 and as the CIDv1 by which each was asked', async () => {
    const node = dagPbNode('asked by one peer under two CIDs')
    const v0 = CID.parse(await holder.putBlock(node, { codec: 'v0' }))
    const v1 = v0.toV1()

    expect(v0.version).to.equal(0)

    const [asV0, asV1] = await wire.fetch(balancer.peerId, [v0, v1])
    expect(asV0).to.deep.equal(node)
    expect(asV1).to.deep.equal(node)

    expect(await client.getBlock(v0.toString())).to.deep.equal(node)
    await client.removeBlock(v0.toString())
    expect(await client.getBlock(v1.toString())).to.deep.equal(node)
  })

  it('answers each peer with its CID version when two peers want one multihash at once', async () => {
    const node = dagPbNode('asked by two peers under different CIDs')
    const other = await peers.wire()
    await other.connect(balancer.tcp)

    const v0 = CID.createV0((await blockOf(node, { codec: 0x70 })).cid.multihash as Parameters<typeof CID.createV0>[0])
    const v1 = v0.toV1()

    await wire.want(balancer.peerId, [v0])
    await other.want(balancer.peerId, [v1])
    await holder.putBlock(node, { codec: 'v0' })

    await wire.until(() => wire.blocks.has(v0.toString()), 'the block as CIDv0')
    await other.until(() => other.blocks.has(v1.toString()), 'the block as CIDv1')
    expect(wire.blocks.has(v1.toString())).to.equal(false)
    expect(other.blocks.has(v0.toString())).to.equal(false)
  })

  it('asks no downstream for an identity CID, and serves its neighbours', async () => {
    const inline = CID.createV1(raw.code, identity.digest(Buffer.from('this is inside the CID')))
    const neighbour = await blockOf(seededBuffer(1000, 'neighbour'))
    await holder.putBlock(neighbour.bytes)

    await wire.want(balancer.peerId, [inline, neighbour.cid])
    await wire.until(() => wire.blocks.has(neighbour.cid.toString()), 'the block asked for beside an identity CID')

    expect(await holder.wantsOf(balancer.peerId)).to.not.include(inline.toString())
    expect(equal(await client.getBlock(inline.toString()), Buffer.from('this is inside the CID'))).to.equal(true)
    await poll(async () => (await client.peers()).includes(balancer.peerId), 'the client to be connected still')
  })
})

function equal (a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
