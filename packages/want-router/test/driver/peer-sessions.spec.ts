import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'aegir/chai'
import { createPeerSessions } from '../../src/driver/peer-sessions.ts'
import { testBlock } from '../engine/harness.ts'
import type { PeerSessions } from '../../src/driver/peer-sessions.ts'
import type { PeerSession, TargetWant } from '../../src/targets/target.ts'

interface Heard { blocks: Uint8Array[], presences: boolean[], closed: number }

async function openSession (): Promise<{ sessions: PeerSessions, session: PeerSession, peer: string, heard: Heard }> {
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const heard: Heard = { blocks: [], presences: [], closed: 0 }
  const sessions = createPeerSessions({ connect: async () => '/ipfs/bitswap/1.2.0', disconnect () {}, wake () {} })
  const session = await sessions.open({ peer, addresses: [] }, {
    block (prefix, bytes) {
      heard.blocks.push(bytes)

      return undefined
    },
    presence (key, have) { heard.presences.push(have) },
    load () {},
    closed () { heard.closed++ }
  }, new AbortController().signal)

  return { sessions, session, peer: peer.toString(), heard }
}

const want = (seed: number): TargetWant => ({ ...testBlock(seed), type: 'block', priority: seed, session: 's' })

describe('driver: sessions to downstream peers', () => {
  it('packs the asks and cancels of a tick; the last entry of a want counts', async () => {
    const { sessions, session, peer } = await openSession()
    session.ask([want(1), want(2)])
    session.cancel([want(1)])
    const message = sessions.take(peer)
    expect(message?.wants?.map(({ cancel, sendDontHave }) => [cancel, sendDontHave])).to.deep.equal([[true, false], [false, true]])
    expect(sessions.take(peer)).to.be.undefined()
  })

  it('sends the cancel of a CIDv0 as well as the ask of the CIDv1 of the same block', async () => {
    const { sessions, session, peer } = await openSession()
    const { v0, cid } = testBlock(1)
    session.cancel([{ key: want(1).key, cid: v0 }])
    session.ask([want(1)])
    expect(sessions.take(peer)?.wants?.map(({ cid, cancel }) => [cid, cancel])).to.deep.equal([[v0, true], [cid, false]])
  })

  it('keeps a message bounded', async () => {
    const { sessions, session, peer } = await openSession()
    session.ask(new Array(1500).fill(0).map((_, i) => want(i)))
    expect(sessions.take(peer)?.wants).to.have.length(1024)
    expect(sessions.take(peer)?.wants).to.have.length(476)
  })

  it('ignores blocks from peers that are not targets, without hashing them', async () => {
    const { sessions, heard } = await openSession()
    const { bytes } = testBlock(1)
    expect(sessions.message('stranger', { wants: [], full: false, blocks: [{ prefix: new Uint8Array(), data: bytes }], presences: [], pendingBytes: 0 }), 'blocks that no session waits for').to.be.false()
    expect(sessions.message('stranger', { wants: [], full: true, blocks: [], presences: [], pendingBytes: 0 }), 'a message without blocks and presences').to.be.undefined()
    expect(heard.blocks).to.be.empty()
  })

  it('does not keep the large frame of a small block in memory', async () => {
    const { sessions, peer, heard } = await openSession()
    const frame = new Uint8Array(1 << 20)
    await sessions.message(peer, { wants: [], full: false, blocks: [{ prefix: new Uint8Array(), data: frame.subarray(10, 50) }], presences: [], pendingBytes: 0 })
    expect(heard.blocks[0].buffer.byteLength).to.equal(40)
  })

  it('ignores a malformed CID among presences, and no other presence', async () => {
    const { sessions, peer, heard } = await openSession()
    await sessions.message(peer, { wants: [], full: false, blocks: [], presences: [{ cid: Uint8Array.of(9), have: true }, { cid: testBlock(1).cid, have: false }], pendingBytes: 0 })
    expect(heard.presences).to.deep.equal([false])
  })

  it('ends with the connection', async () => {
    const { sessions, session, peer, heard } = await openSession()
    session.ask([want(1)])
    sessions.gone(peer)
    expect(heard.closed).to.equal(1)
    expect(sessions.take(peer)).to.be.undefined()
  })

  it('refuses a second target for the same peer', async () => {
    const { sessions, peer } = await openSession()
    const { peerIdFromString } = await import('@libp2p/peer-id')
    await expect(sessions.open({ peer: peerIdFromString(peer), addresses: [] }, { block () { return undefined }, presence () {}, load () {}, closed () {} }, new AbortController().signal))
      .to.eventually.be.rejected.with.property('name', 'InvalidOptionError')
  })
})
