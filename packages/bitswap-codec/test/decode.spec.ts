import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { decodeMessage, encodeFrame, frameDecoder, MAX_ANSWERS, wantKey } from '../src/index.ts'
import * as arbitrary from './fixtures/arbitraries.ts'
import { cidV0, concat, fromHex, rawCid, sha256 } from './fixtures/bytes.ts'
import type { DecodedMessage, Outgoing } from '../src/index.ts'

const EMPTY: DecodedMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0, skipped: 0 }

/**
 * A field of bytes
 */
function field (number: number, ...parts: Array<Uint8Array | number[]>): Uint8Array {
  const bytes = concat(parts.map(part => Uint8Array.from(part)))

  return concat([Uint8Array.of(number << 3 | 2, ...arbitrary.varint(bytes.length)), bytes])
}

function wantlist (...entries: Uint8Array[]): Uint8Array {
  return field(1, ...entries)
}

function entry (cid: Uint8Array, ...rest: number[]): Uint8Array {
  return field(1, field(1, cid), rest)
}

function body (message: Outgoing): Uint8Array {
  return frameDecoder().push(concat(encodeFrame(message, '/ipfs/bitswap/1.2.0')))[0]
}

function fastest (run: () => void): number {
  return Math.min(...Array.from({ length: 5 }, () => {
    const start = performance.now()
    run()

    return performance.now() - start
  }))
}

describe('decoding a message', () => {
  it('gives the message that was encoded', () => {
    fc.assert(fc.property(arbitrary.message, message => {
      fc.pre([...message.wants, ...message.presences].every(({ cid }) => wantKey(cid) != null))
      expect(decodeMessage(body(message))).to.deep.equal({ ...message, skipped: 0 })
    }))
  })

  it('creates no more blocks and presences than an honest message has, and none if the options exclude them', () => {
    const count = 100_000
    // a block of no bytes in either form, and a presence of an identity CID
    const items = [Uint8Array.of(0x12, 0), Uint8Array.of(0x1a, 6, 0x0a, 4, 1, 0x55, 0x12, 0x20), Uint8Array.of(0x22, 6, 0x0a, 4, 1, 0x55, 0, 0)]

    for (const item of items) {
      const frame = Buffer.concat(Array.from({ length: count }, () => item))
      const { blocks, presences, skipped } = decodeMessage(frame)

      expect(blocks.length + presences.length).to.equal(MAX_ANSWERS)
      expect(skipped).to.equal(count - MAX_ANSWERS)
      expect(decodeMessage(frame, { answers: false })).to.deep.equal({ ...EMPTY, skipped: count })
    }
  })

  it('reads an empty frame, and one without a wantlist, as an empty message', () => {
    expect(decodeMessage(new Uint8Array(0))).to.deep.equal(EMPTY)
    expect(decodeMessage(fromHex('2800'))).to.deep.equal(EMPTY)
    expect(decodeMessage(fromHex('0a00'))).to.deep.equal(EMPTY)
  })

  it('copies nothing', () => {
    const frame = body({
      wants: [{ cid: rawCid('wanted'), priority: 1, cancel: false, wantType: 'block', sendDontHave: false }],
      blocks: [{ prefix: fromHex('01551220'), data: fromHex('616263') }],
      presences: [{ cid: rawCid('had'), have: true }]
    })
    const { wants, blocks, presences } = decodeMessage(frame)

    expect([wants[0].cid, blocks[0].prefix, blocks[0].data, presences[0].cid].every(({ buffer }) => buffer === frame.buffer)).to.be.true()
  })

  it('reads a frame in the middle of a larger buffer', () => {
    const message = wantlist(entry(rawCid('wanted')))

    for (const Type of [Uint8Array, Buffer]) {
      const frame = Type.from([9, 9, ...message, 9]).subarray(2, 2 + message.length)
      const { wants } = decodeMessage(frame)

      expect(wants[0].cid).to.deep.equal(rawCid('wanted'))
      expect(Object.getPrototypeOf(wants[0].cid)).to.equal(Uint8Array.prototype)
    }
  })

  it('reads priorities that are negative, which take ten bytes', () => {
    const frame = wantlist(
      entry(rawCid('a'), 0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
      entry(rawCid('b'), 0x10, 0x80, 0x80, 0x80, 0x80, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x01)
    )

    expect(decodeMessage(frame).wants.map(({ priority }) => priority)).to.deep.equal([-1, -2_147_483_648])
  })

  it('reads any bit of a bool as true, even above the 32nd', () => {
    const high = [0x80, 0x80, 0x80, 0x80, 0x10]
    const message = decodeMessage(field(1, entry(rawCid('a'), 0x18, ...high, 0x28, ...high), [0x10, ...high]))

    expect(message).to.have.property('full', true)
    expect(message.wants[0]).to.include({ cancel: true, sendDontHave: true })
  })

  it('keeps CIDv0 and CIDv1 of one multihash apart', () => {
    const v1 = Uint8Array.of(0x01, 0x70, ...cidV0('block'))

    expect(decodeMessage(wantlist(entry(cidV0('block')), entry(v1))).wants.map(({ cid }) => cid)).to.deep.equal([cidV0('block'), v1])
  })

  it('reads bare blocks of 1.0.0 as CIDv0, even empty ones', () => {
    const prefix = fromHex('00701220')

    expect(decodeMessage(fromHex('0a001201611200')).blocks).to.deep.equal([{ prefix, data: fromHex('61') }, { prefix, data: new Uint8Array(0) }])
  })

  it('reads a block without data as an empty block, which is how Go writes it', () => {
    expect(decodeMessage(fromHex('0a001a060a0401551220')).blocks).to.deep.equal([{ prefix: fromHex('01551220'), data: new Uint8Array(0) }])
  })

  it('keeps blocks of truncated and of unknown hash functions', () => {
    const message = concat([field(3, field(1, fromHex('01551214'))), field(3, field(1, fromHex('0155ffff7f04')))])

    expect(decodeMessage(message).blocks.map(({ prefix }) => prefix)).to.deep.equal([fromHex('01551214'), fromHex('0155ffff7f04')])
  })
})

describe('one bad entry', () => {
  const good = entry(rawCid('good'))

  for (const [fault, bad] of Object.entries({
    'a CID that is malformed': entry(fromHex('015512')),
    'a CID of 100 KB': entry(Uint8Array.of(0x01, 0x55, 0x00, ...arbitrary.varint(99_994), ...new Uint8Array(99_994))),
    'no CID': field(1, [0x10, 0x01]),
    'nothing at all': field(1),
    'a CID that is longer than the entry': field(1, [0x0a, 0x7f, 0x01]),
    'a CID as a number': field(1, [0x08, 0x01]),
    'a priority as bytes': entry(rawCid('bad'), 0x12, 0x01, 0x01),
    'a varint that is cut off': entry(rawCid('bad'), 0x10, 0x80),
    'a tag and nothing after it': entry(rawCid('bad'), 0x10),
    'an overlong varint': entry(rawCid('bad'), 0x10, ...new Array(10).fill(0x80), 0x01),
    'an unknown type': entry(rawCid('bad'), 0x20, 0x02),
    'a group that does not end': entry(rawCid('bad'), 0x33, 0x08, 0x01),
    'groups nested too deep': entry(rawCid('bad'), ...new Array(101).fill(0x33), ...new Array(101).fill(0x34))
  })) {
    it(`costs that entry and not its message: ${fault}`, () => {
      const message = decodeMessage(concat([wantlist(good, bad, good), fromHex('2801')]))

      expect(message.wants.map(({ cid }) => cid)).to.deep.equal([rawCid('good'), rawCid('good')])
      expect(message).to.include({ skipped: 1, pendingBytes: 1 })
    })
  }

  it('can also be a block without a prefix, or a presence without a CID', () => {
    const message = decodeMessage(concat([field(3, fromHex('120161')), field(4, [0x10, 0x01]), field(4, field(1, rawCid('good')))]))

    expect(message).to.deep.equal({ ...EMPTY, presences: [{ cid: rawCid('good'), have: true }], skipped: 2 })
  })

  it('takes no more time than a good one, so that a frame full of them does not stop the event loop', () => {
    const bad = field(1, concat(new Array(50_000).fill(Uint8Array.of(0x0a, 0x01, 0x08))))
    const fine = field(1, concat(new Array(50_000).fill(good)))

    expect(decodeMessage(bad)).to.deep.equal({ ...EMPTY, skipped: 50_000 })
    // an exception for each would take thirty times as long
    expect(fastest(() => decodeMessage(bad))).to.be.below(3 * fastest(() => decodeMessage(fine)))
  })
})

describe('unusual wants', () => {
  it('are kept unchanged: identity CIDs, unknown hash functions, truncated hashes', () => {
    const cids = ['01550003616263', '0155ffff7f0401020304', '0155120461626364'].map(fromHex)

    expect(decodeMessage(wantlist(...cids.map(cid => entry(cid)))).wants.map(({ cid }) => cid)).to.deep.equal(cids)
  })

  it('have a want key each', () => {
    fc.assert(fc.property(fc.array(arbitrary.cid, { maxLength: 20 }), cids => {
      const { wants, skipped } = decodeMessage(wantlist(...cids.map(cid => entry(cid))))

      expect(wants.length + skipped).to.equal(cids.length)
      expect(wants.map(({ cid }) => wantKey(cid))).to.not.include(undefined)
    }))
  })
})

describe('a malformed message', () => {
  for (const [fault, hex] of Object.entries({
    'is cut off in a field': '0a030a01',
    'is cut off in a varint': '2880',
    'is cut off after a tag': '0a',
    'has an overlong varint': '28808080808080808080808001',
    'has a varint of ten bytes and more than 64 bits': '28ffffffffffffffffff02',
    'has a field 0': '0001',
    'has a tag of more than 32 bits': '888080808001',
    'has a wantlist as a number': '0801',
    'has a pendingBytes as bytes': '2a0101',
    'has a wire type that does not exist': '3e',
    'has a group that does not end': '330801',
    'has a group that ends as another': '333c',
    'has the end of a group that did not begin': '34',
    'has an entry that is longer than its wantlist': '0a020a05ffffffff',
    'has a group that ends outside of its wantlist': '0a012b2c',
    'has a full of the wrong wire type': '0a0412020101',
    'has a length that is negative': '12ffffffffffffffffff01',
    'has a length of 2^31': '128080808008'
  })) {
    it(`is refused if it ${fault}`, () => {
      expect(() => decodeMessage(fromHex(hex))).to.throw(/^Malformed bitswap message: .* at byte \d+ of \d+$/).with.property('name', 'InvalidMessageError')
    })
  }

  it('is refused regardless of the fields before the fault', () => {
    expect(() => decodeMessage(concat([wantlist(entry(Uint8Array.of(0x01, 0x55, 0x12, 0x20, ...sha256('good')))), fromHex('0801')]))).to.throw().with.property('name', 'InvalidMessageError')
  })
})
