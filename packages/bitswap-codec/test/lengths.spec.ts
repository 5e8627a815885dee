import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { MESSAGE_OVERHEAD, encodeFrame, encodedBlockLength, encodedPresenceLength, encodedWantLength, fits, frameDecoder, messageLength } from '../src/index.ts'
import * as arbitrary from './fixtures/arbitraries.ts'
import { concat } from './fixtures/bytes.ts'

function sum (numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

describe('lengths', () => {
  it('of a message are exact', () => {
    fc.assert(fc.property(arbitrary.message, arbitrary.protocol, (message, protocol) => {
      const [body] = frameDecoder().push(concat(encodeFrame(message, protocol)))

      expect(messageLength(message, protocol)).to.equal(body.length)
    }))
  })

  it('of the parts plus the overhead are never less than the message, and exceed it by at most the overhead', () => {
    fc.assert(fc.property(arbitrary.message, arbitrary.protocol, (message, protocol) => {
      const parts = sum(message.wants.map(want => encodedWantLength(want, protocol))) +
        sum(message.blocks.filter(block => fits(block, protocol)).map(block => encodedBlockLength(block, protocol))) +
        sum(message.presences.map(presence => encodedPresenceLength(presence, protocol)))
      const length = messageLength(message, protocol)

      expect(length).to.be.within(parts, parts + MESSAGE_OVERHEAD)
    }))
  })

  it('of one part are the bytes that it adds to a message', () => {
    fc.assert(fc.property(arbitrary.want, arbitrary.block, arbitrary.presence, arbitrary.protocol, (want, block, presence, protocol) => {
      const empty = messageLength({}, protocol)

      expect(encodedPresenceLength(presence, protocol)).to.equal(messageLength({ presences: [presence] }, protocol) - empty)
      expect(fits(block, protocol) ? encodedBlockLength(block, protocol) : 0).to.equal(messageLength({ blocks: [block] }, protocol) - empty)
      // and a wantlist of more than 127 bytes needs another for its length
      expect(messageLength({ wants: [want] }, protocol) - empty - encodedWantLength(want, protocol)).to.be.within(0, 1)
    }))
  })

  it('of the overhead are enough for a full wantlist of 4 MiB with bytes pending', () => {
    const want = { cid: new Uint8Array(36), priority: -1, cancel: true, wantType: 'have', sendDontHave: true } as const
    const wants = new Array(70_000).fill(want)

    expect(messageLength({ wants, full: true, pendingBytes: -1 }, '/ipfs/bitswap/1.2.0')).to.be.at.most(wants.length * encodedWantLength(want, '/ipfs/bitswap/1.2.0') + MESSAGE_OVERHEAD)
  })
})
