import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { createPeerSessions } from '../../src/driver/peer-sessions.ts'
import { createVerifier } from '../../src/driver/verifier.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { testBlock } from '../engine/harness.ts'
import type { PeerSession, TargetWant, WantlistLimit } from '../../src/targets/target.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import type { TestBlock } from '../engine/harness.ts'
import type { BitswapMessage, BitswapProtocol, WantEntry } from '@kitsune/bitswap-codec'

const PREFIX = Uint8Array.of(1, 0x55, 0x12, 32)
const blocks = Array.from({ length: 600 }, (_, i) => testBlock(i, 100))
const byCid = new Map(blocks.map(block => [String(block.cid), block]))
const verify = createVerifier()

interface NodeInit {
  /** Whether it ignores a message. Default: it serves each, one block every `gap` ms after `latency`. */
  ignores? (wants: readonly WantEntry[]): boolean
  /** Blocks that it never answers. */
  silentAbout? (index: number): boolean
  /** It answers DONT_HAVE to everything. */
  dontHaves?: boolean
  latency?: number
  gap?: number
  protocol?: BitswapProtocol
  limit?: WantlistLimit
}

interface Rig { clock: FakeClock, session: PeerSession, sizes: number[], served: Map<string, number>, learned: number[], asked: number }

/** A session to a node that may ignore messages. */
async function rig ({ ignores = () => false, silentAbout = () => false, dontHaves = false, latency = 5, gap = 0, protocol = '/ipfs/bitswap/1.2.0', limit }: NodeInit): Promise<Rig> {
  const clock = fakeClock()
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const id = peer.toString()
  const self = { clock, sizes: [] as number[], served: new Map<string, number>(), learned: [] as number[], asked: 0 }
  let free = 0

  const sessions = createPeerSessions({
    connect: async () => protocol,
    disconnect () {},
    wake () {
      clock.endOfTick(() => {
        for (let message = sessions.take(id); message != null; message = sessions.take(id)) {
          read(message.wants?.filter(({ cancel }) => !cancel) ?? [])
        }
      })
    }
  }, { timers: clock })

  function read (wants: readonly WantEntry[]): void {
    self.sizes.push(wants.length)
    self.asked += wants.length

    if (ignores(wants)) {
      return
    }

    for (const { cid } of wants) {
      const block = byCid.get(String(cid))

      if (block != null && !silentAbout(blocks.indexOf(block))) {
        free = Math.max(free + gap, clock.now() + latency)
        clock.after(free - clock.now(), () => { answer(block) })
      }
    }
  }

  function answer ({ cid, bytes, key }: TestBlock): void {
    const message: BitswapMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0 }
    self.served.set(key, (self.served.get(key) ?? 0) + 1)
    void sessions.message(id, dontHaves ? { ...message, presences: [{ cid, have: false }] } : { ...message, blocks: [{ prefix: PREFIX, data: bytes }] })
  }

  const session = await sessions.open({ peer, addresses: [] }, {
    block (prefix, bytes, verified) {
      verified?.(verify(prefix, bytes) as string)

      return undefined
    },
    presence () {},
    load () {},
    closed () {}
  }, new AbortController().signal, { ...limit, learned (entries) { self.learned.push(entries) } })

  return { ...self, session, get asked () { return self.asked } }
}

const wants = (from: number, to: number): TargetWant[] =>
  blocks.slice(from, to).map(({ key, cid }, i) => ({ key, cid, type: 'block', priority: 1000 - i, session: 's' }))

describe('driver: the size of wantlists', () => {
  for (const most of [16, 1, 300]) {
    for (const dontHaves of [false, true]) {
      it(`is learned for a node that ignores messages of more than ${most} entries, and has ${dontHaves ? 'no block' : 'every block'}`, async () => {
        const { clock, session, sizes, served, learned } = await rig({ ignores: wants => wants.length > most, dontHaves })
        session.ask(wants(0, 512))
        clock.pass(3000)
        expect(served.size).to.equal(512)
        expect(learned.at(-1)).to.be.within(Math.ceil(most / 2), most)
        sizes.length = 0
        session.ask(wants(512, 600))
        clock.pass(100)
        expect(served.size).to.equal(600)
        expect(Math.max(...sizes)).to.be.at.most(most)
      })
    }
  }

  it('is the configured one, from the first message', async () => {
    const { clock, session, sizes, served, learned } = await rig({ ignores: wants => wants.length > 16, limit: { entries: 16 } })
    session.ask(wants(0, 200))
    clock.pass(100)
    expect(served.size).to.equal(200)
    expect(Math.max(...sizes)).to.equal(16)
    expect(learned).to.deep.equal([])
  })

  it('stays the same for a node that is only slow, which gets one want twice', async () => {
    for (const node of [{ latency: 2000, gap: 0 }, { latency: 700, gap: 300 }]) {
      const r = await rig(node)
      r.session.ask(wants(0, 200))
      r.clock.pass(120_000)
      expect(r.learned).to.deep.equal([])
      expect(r.served.size).to.equal(200)
      expect(r.asked).to.equal(201)
    }
  })

  it('is not doubted once the node has answered, and a node that never answers does not get more and more wants', async () => {
    const r = await rig({ ignores: wants => wants.some(({ cid }) => String(cid) === String(blocks[300].cid)) })
    r.session.ask(wants(0, 300))
    r.clock.pass(10)
    // the node does not answer these, not even alone
    r.session.ask(wants(300, 301))
    r.clock.pass(60_000)
    expect(r.sizes).to.deep.equal([300, 1])

    const silent = await rig({ ignores: () => true })
    silent.session.ask(wants(0, 300))
    silent.clock.pass(60_000)
    expect(silent.sizes).to.deep.equal([300, 1])
    expect(silent.learned).to.deep.equal([])
  })

  it('is not learned from the silence of a protocol without DONT_HAVE', async () => {
    const { clock, session, sizes } = await rig({ protocol: '/ipfs/bitswap/1.1.0', ignores: wants => wants.length > 16 })
    session.ask(wants(0, 200))
    clock.pass(60_000)
    expect(sizes).to.deep.equal([200])
  })

  it('sends no want again that was cancelled meanwhile', async () => {
    const r = await rig({ ignores: wants => wants.length > 16 })
    r.session.ask(wants(0, 40))
    r.clock.pass(10)
    r.session.cancel(wants(1, 40))
    r.clock.pass(10_000)
    expect([...r.served.keys()]).to.deep.equal([blocks[0].key])
    // one answer does not tell whether the node is slow or ignores long messages
    expect(r.learned).to.deep.equal([])
  })

  it('stays the same for a node that has only the last of the blocks asked for, and cannot tell about the others', async () => {
    const r = await rig({ silentAbout: index => index !== 199, latency: 700 })
    r.session.ask(wants(0, 200))
    r.clock.pass(60_000)
    expect(r.learned).to.deep.equal([])
    expect(r.asked).to.be.at.most(202)
  })
})
