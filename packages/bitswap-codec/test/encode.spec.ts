import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { BITSWAP_PROTOCOLS, capabilities, decodeMessage, encodeFrame, fits, frameDecoder, wantKey } from '../src/index.ts'
import * as arbitrary from './fixtures/arbitraries.ts'
import { concat, fromHex, rawCid } from './fixtures/bytes.ts'
import type { BitswapProtocol, DecodedMessage, MessageBlock, Outgoing } from '../src/index.ts'

const RAW = fromHex('01551220')
const V0 = fromHex('00701220')
const OLDER: BitswapProtocol[] = ['/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0', '/ipfs/bitswap']
const OLDEST: BitswapProtocol[] = ['/ipfs/bitswap/1.0.0', '/ipfs/bitswap']

function block (length: number, prefix = RAW): MessageBlock {
  return { prefix, data: new Uint8Array(length).fill(0xb1) }
}

function roundTrip (message: Outgoing, protocol: BitswapProtocol): DecodedMessage {
  const [body, ...others] = frameDecoder().push(concat(encodeFrame(message, protocol)))

  expect(others).to.be.empty()

  return decodeMessage(body)
}

describe('encoding a message', () => {
  it('writes what the protocol can carry, and nothing else', () => {
    fc.assert(fc.property(arbitrary.message, arbitrary.protocol, (message, protocol) => {
      fc.pre([...message.wants, ...message.presences].every(({ cid }) => wantKey(cid) != null))
      const can = capabilities(protocol)

      expect(roundTrip(message, protocol)).to.deep.equal({
        wants: message.wants.map(want => can.wantHave ? want : { ...want, wantType: 'block', sendDontHave: false }),
        full: message.full,
        blocks: message.blocks.filter(block => can.prefixes || Buffer.compare(block.prefix, V0) === 0),
        presences: can.presences ? message.presences : [],
        pendingBytes: can.presences ? message.pendingBytes : 0,
        skipped: 0
      })
    }))
  })

  it('always writes a wantlist, since boxo before 0.33 panics without one', () => {
    for (const protocol of BITSWAP_PROTOCOLS) {
      expect(concat(encodeFrame({}, protocol))).to.deep.equal(fromHex('020a00'))
      expect(concat(encodeFrame({ blocks: [block(1, V0)] }, protocol)).subarray(1, 3)).to.deep.equal(fromHex('0a00'))
    }
  })

  it('refers to a block of more than 4 KiB, and copies a smaller one in between the headers', () => {
    const large = block(4_097)
    const small = block(4_096)

    expect(encodeFrame({ blocks: [small, small] }, '/ipfs/bitswap/1.2.0')).to.have.lengthOf(1)

    const chunks = encodeFrame({ blocks: [small, large, large, small], pendingBytes: 1 }, '/ipfs/bitswap/1.2.0')
    expect(chunks.map(chunk => chunk === large.data)).to.deep.equal([false, true, false, true, false])
  })

  it('ends with the block if nothing comes after it', () => {
    const chunks = encodeFrame({ blocks: [block(4_097)] }, '/ipfs/bitswap/1.2.0')

    expect(chunks.map(({ length }) => length)).to.deep.equal([2 + 2 + (1 + 2) + (2 + 4) + (1 + 2), 4_097])
  })

  it('omits fields that are zero', () => {
    const cid = rawCid('wanted')
    const want = { cid, priority: 0, cancel: false, wantType: 'block', sendDontHave: false } as const

    expect(concat(encodeFrame({ wants: [want], full: false, pendingBytes: 0 }, '/ipfs/bitswap/1.2.0'))).to.have.lengthOf(1 + 2 + 2 + 2 + 36)
  })

  it('writes the nearest int32 for a number that is not an int32', () => {
    const priorities = [2 ** 31, -(2 ** 31) - 1, 1.9, NaN, Infinity]
    const wants = priorities.map(priority => ({ cid: rawCid('wanted'), priority, cancel: false, wantType: 'block', sendDontHave: false } as const))
    const message = roundTrip({ wants, pendingBytes: 2 ** 40 }, '/ipfs/bitswap/1.2.0')

    expect(message.wants.map(({ priority }) => priority)).to.deep.equal([2 ** 31 - 1, -(2 ** 31), 1, 0, 2 ** 31 - 1])
    expect(message.pendingBytes).to.equal(2 ** 31 - 1)
  })

  it('writes an identity CID, an unknown hash function and a truncated hash unchanged', () => {
    const presences = ['01550003616263', '0155ffff7f0401020304', '0155120461626364'].map(hex => ({ cid: fromHex(hex), have: false }))

    expect(roundTrip({ presences }, '/ipfs/bitswap/1.2.0').presences).to.deep.equal(presences)
  })

  it('refuses an unknown protocol', () => {
    expect(() => encodeFrame({}, '/ipfs/bitswap/2.0.0' as BitswapProtocol)).to.throw().with.property('name', 'UnknownProtocolError')
  })
})

describe('encoding for an older protocol', () => {
  const want = { cid: rawCid('wanted'), priority: 7, cancel: false, wantType: 'have', sendDontHave: true } as const

  for (const protocol of OLDER) {
    it(`turns want-haves into want-blocks and leaves out presences: ${protocol}`, () => {
      expect(roundTrip({ wants: [want], presences: [{ cid: rawCid('had'), have: true }], pendingBytes: 5 }, protocol)).to.deep.equal({
        wants: [{ ...want, wantType: 'block', sendDontHave: false }],
        full: false,
        blocks: [],
        presences: [],
        pendingBytes: 0,
        skipped: 0
      })
    })
  }

  for (const protocol of OLDEST) {
    it(`sends a CIDv0 block bare, in field 2: ${protocol}`, () => {
      expect(concat(encodeFrame({ blocks: [{ prefix: V0, data: fromHex('6162') }] }, protocol))).to.deep.equal(fromHex('060a0012026162'))
    })

    it(`leaves out a block that its receiver would take for another block: ${protocol}`, () => {
      const others = ['01551220', '01701220', '01551214', '0155a0e40220', '01550003'].map(prefix => block(3, fromHex(prefix)))

      expect(others.map(other => fits(other, protocol))).to.not.include(true)
      expect(concat(encodeFrame({ blocks: others }, protocol))).to.deep.equal(fromHex('020a00'))
    })
  }
})

describe('the largest message', () => {
  it('has one raw block of 4,194,286 bytes, the most that boxo reads', () => {
    const [header, data] = encodeFrame({ blocks: [block(4_194_286)] }, '/ipfs/bitswap/1.2.0')

    expect(fits(block(4_194_286), '/ipfs/bitswap/1.2.0')).to.be.true()
    expect(header.length + data.length).to.equal(4 + 4_194_304)
  })

  it('has no block that is a byte larger: it does not fit, and is left out', () => {
    expect(fits(block(4_194_287), '/ipfs/bitswap/1.2.0')).to.be.false()
    expect(concat(encodeFrame({ blocks: [block(4_194_287)] }, '/ipfs/bitswap/1.2.0'))).to.deep.equal(fromHex('020a00'))
    expect(fits(block(4_194_297, V0), '/ipfs/bitswap/1.0.0')).to.be.true()
    expect(fits(block(4_194_298, V0), '/ipfs/bitswap/1.0.0')).to.be.false()
  })

  it('is refused if its blocks fit one by one but not together', () => {
    expect(() => encodeFrame({ blocks: [block(2 ** 21), block(2 ** 21)] }, '/ipfs/bitswap/1.2.0')).to.throw(/several messages/).with.property('name', 'FrameTooLargeError')
  })
})
