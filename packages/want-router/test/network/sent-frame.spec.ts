import { encodeFrame, MAX_COPIED_BLOCK } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { createSentFrame, messageOf } from '../../src/network/sent-frame.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'

const PROTOCOL = '/ipfs/bitswap/1.2.0'
const CID = Uint8Array.of(1, 0x55, 0x12, 32, ...new Uint8Array(32))
const PREFIX = CID.slice(0, 4)

describe('network/sent-frame', () => {
  const message: Outgoing = {
    wants: [{ cid: CID, priority: 7, cancel: false, wantType: 'have', sendDontHave: true }],
    full: true,
    presences: [{ cid: CID, have: false }],
    blocks: [1, MAX_COPIED_BLOCK, MAX_COPIED_BLOCK + 1, 200_000].map(size => ({ prefix: PREFIX, data: new Uint8Array(size).fill(size) })),
    pendingBytes: 3
  }

  it('can be encoded again from what was encoded', () => {
    const frame = createSentFrame(message, PROTOCOL, 0)

    expect(frame.chunks).to.have.length.above(1)
    expect(frame.length).to.equal(frame.chunks.reduce((length, chunk) => length + chunk.length, 0))
    expect(encodeFrame(messageOf(frame), PROTOCOL)).to.deep.equal(frame.chunks)
    expect(encodeFrame(messageOf(frame), '/ipfs/bitswap/1.0.0')).to.deep.equal(encodeFrame(message, '/ipfs/bitswap/1.0.0'))
  })

  it('keeps nothing in memory but the encoded bytes', () => {
    const { wants, blocks } = message
    const kept = Object.values(createSentFrame({ wants, blocks: blocks?.slice(0, 2) }, PROTOCOL, 0))

    expect(kept.filter(value => typeof value === 'object')).to.deep.equal([encodeFrame({ wants, blocks: blocks?.slice(0, 2) }, PROTOCOL)])
  })
})
