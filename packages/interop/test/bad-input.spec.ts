import { encodeFrame } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { seededBuffer } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { wantEntry } from '../src/wire-peer.ts'
import { mostHeld } from './support/bounds.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { Kubo } from '../src/kubo.ts'
import type { WirePeer } from '../src/wire-peer.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Stream } from '@libp2p/interface'

const MiB = 1 << 20
const V1_2 = '/ipfs/bitswap/1.2.0'

/** A varint that is longer than any reader may follow. */
const OVERLONG_VARINT = new Uint8Array(11).fill(0xff)

describe('a client that sends invalid data', function () {
  this.timeout(60_000)

  let binary: string
  let holder: Kubo
  let balancer: ProbedBalancer
  let client: WirePeer
  const peers = stack(() => binary)
  let counter = 0

  before(async function () {
    binary = needKubo(this, 'bad input')
    holder = await peers.kubo()
    balancer = await peers.probed({ downstreams: [holder.url] })
  })

  beforeEach(async () => {
    client = await peers.wire()
    await client.connect(balancer.tcp)
  })

  afterEach(async () => {
    // after each test the next honest want on the same connection is served, and so is another client's
    const block = await seededBlock(1_000, `honest ${counter++}`)
    await holder.putBlock(block.bytes)
    await client.fetch(balancer.peerId, [block.cid])

    const other = await peers.wire()
    await other.connect(balancer.tcp)
    await other.fetch(balancer.peerId, [block.cid])

    await Promise.all([client.stop(), other.stop()])
  })

  after(async () => {
    await peers.stop()
  })

  it('loses the stream but not its connection for an overlong varint', async () => {
    await closed(await client.sendRaw(balancer.peerId, OVERLONG_VARINT))
  })

  it('loses the stream for a body that is not a message', async () => {
    await closed(await client.sendRaw(balancer.peerId, Uint8Array.from([4, 0xff, 0xff, 0xff, 0xff])))
  })

  it('crashes nothing with ten thousand frames of random bytes, each on its own stream', async () => {
    const count = 10_000
    const noise = seededBuffer(count * 64, 'noise')

    const send = async (i: number): Promise<void> => {
      const frame = noise.slice(i * 64, (i + 1) * 64)

      // half of them have valid frames, so that the message within is parsed
      if (i % 2 === 0) {
        frame[0] = 63
      }

      const stream = await client.sendRaw(balancer.peerId, frame)
      // it may have begun a frame that is not complete: those the sender gives up
      stream.abort(new Error('noise is over'))
    }

    for (let i = 0; i < count; i += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, j) => i + j).map(send))
    }
  })

  const tooLong: Array<[string, number[]]> = [['5 MiB', [0x80, 0x80, 0xc0, 0x02]], ['2^40 bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x20]]]

  tooLong.forEach(([what, length]) => {
    it(`loses the stream for a declared length of ${what} before it is buffered`, async () => {
      await closed(await client.sendRaw(balancer.peerId, Uint8Array.from(length)))
    })
  })

  it('costs no memory with declared lengths without data', async () => {
    const streams: Stream[] = []
    const grown = await mostHeld(balancer, async () => {
      // 4 MiB, which is allowed
      streams.push(...await Promise.all(Array.from({ length: 200 }, async () => client.sendRaw(balancer.peerId, Uint8Array.from([0x80, 0x80, 0x80, 0x02, 0x0a])))))
      const marker = await seededBlock(1_000, 'behind declared lengths')
      await holder.putBlock(marker.bytes)
      await client.fetch(balancer.peerId, [marker.cid])
    })

    // 200 × 4 MiB would be 800; 200 streams themselves cost a few
    expect(grown / MiB).to.be.lessThan(32)
    streams.forEach(stream => { stream.abort(new Error('done')) })
  })

  it('is served after an empty frame and after a message without a wantlist', async () => {
    const stream = await client.sendRaw(balancer.peerId, Uint8Array.from([0]), Uint8Array.from([2, 0x28, 0x01]))
    const block = await seededBlock(1_000, 'after nothing')
    await holder.putBlock(block.bytes)

    stream.send(Buffer.concat(encodeFrame({ wants: [wantEntry(block.cid)] }, V1_2)))
    await client.until(() => client.blocks.has(block.cid.toString()), 'the block, on the stream that also carried nothing')
  })

  it('gets the good blocks among malformed, oversized and identity CIDs', async () => {
    const blocks = await seededBlocks(3, 1_000, 'among bad ones')
    await Promise.all(blocks.map(async ({ bytes }) => holder.putBlock(bytes)))
    const [first, second, third] = blocks.map(({ cid }) => wantEntry(cid))
    const bad = (cid: Uint8Array): WantEntry => ({ ...wantEntry(CID.parse('bafkqaaa')), cid })

    await client.send(balancer.peerId, {
      wants: [
        first,
        bad(new Uint8Array(0)),
        bad(Uint8Array.from([1, 0x55, 0x12, 0x20, 1, 2, 3])),
        second,
        bad(Buffer.concat([Uint8Array.from([1, 0x55, 0, 0xa0, 0x8d, 0x06]), new Uint8Array(100_000)])),
        wantEntry(CID.parse('bafkqaaa')),
        third
      ].filter(entry => entry != null)
    })

    await client.until(() => blocks.every(({ cid }) => client.blocks.has(cid.toString())), 'the good blocks')
  })

  it('gets an answer or silence, but no error, for an unknown hash function', async () => {
    const unknown = CID.createV1(0x55, Digest.create(0x300_000, new Uint8Array(32).fill(7)))
    const block = await seededBlock(1_000, 'beside an unknown hash')
    await holder.putBlock(block.bytes)

    await client.want(balancer.peerId, [unknown, block.cid], { sendDontHave: true })
    await client.until(() => client.blocks.has(block.cid.toString()), 'the block asked for beside it')
    expect(client.presences.get(unknown.toString())).to.not.equal('have')
  })

  it('keeps 1,024 of a hundred thousand wants: those of the highest priority', async () => {
    const blocks = await seededBlocks(20_000, 32, 'a huge wantlist')
    const kept = async (): Promise<number> => balancer.metric('kitsune_router_wants')

    const marker = async (name: string): Promise<void> => {
      const block = await seededBlock(1_000, name)
      await holder.putBlock(block.bytes)
      await client.send(balancer.peerId, { wants: [wantEntry(block.cid, { priority: 2_147_483_647 })] })
      await client.until(() => client.blocks.has(block.cid.toString()), 'a block of the highest priority')
    }

    // 20,000 entries are about 900 KB
    for (let round = 0; round < 5; round++) {
      await client.send(balancer.peerId, { wants: blocks.map(({ cid }, i) => wantEntry(cid, { priority: round * 100_000 + i })) })
    }

    await marker('after a huge wantlist')
    // the marker has taken the place of one
    expect(await kept()).to.equal(1_023)

    await client.cancel(balancer.peerId, blocks.slice(0, -1_024).map(({ cid }) => cid))
    await marker('after the cancel of wants that were not kept')
    expect(await kept()).to.be.within(1_022, 1_023)

    await client.cancel(balancer.peerId, blocks.slice(-1_024).map(({ cid }) => cid))
    await poll(async () => await kept() === 0, 'the cancel of the kept wants')
  })

  it('is not believed when it sends unsolicited blocks', async () => {
    const victim = await peers.wire()
    await victim.connect(balancer.tcp)
    const block = await seededBlock(1_000, 'pushed by a client')

    await victim.want(balancer.peerId, [block.cid])
    await client.sendBlocks(balancer.peerId, [block])
    const marker = await seededBlock(1_000, 'after a push')
    await holder.putBlock(marker.bytes)
    await client.fetch(balancer.peerId, [marker.cid])
    await victim.fetch(balancer.peerId, [marker.cid])

    expect(victim.blocks.has(block.cid.toString()), 'a client\'s block passed on to another').to.equal(false)
    await victim.stop()
  })
})

async function closed (stream: Stream): Promise<void> {
  if (stream.status === 'open' || stream.status === 'closing') {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error('the stream was still open after 2 s')) }, 2_000)
      stream.addEventListener('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}
