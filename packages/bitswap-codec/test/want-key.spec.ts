import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { keyMultihash, multihashKey, wantKey } from '../src/index.ts'
import * as arbitrary from './fixtures/arbitraries.ts'
import { cidV0, fromHex, rawCid, sha256 } from './fixtures/bytes.ts'

describe('want keys', () => {
  it('are the same for CIDv0 and CIDv1 of one multihash, with any codec', () => {
    const digest = sha256('block')
    const v0 = cidV0('block')

    expect(wantKey(Uint8Array.of(0x01, 0x70, 0x12, 0x20, ...digest))).to.equal(wantKey(v0))
    expect(wantKey(Uint8Array.of(0x01, 0x55, 0x12, 0x20, ...digest))).to.equal(wantKey(v0))
    expect(wantKey(Uint8Array.of(0x01, 0xa9, 0x02, 0x12, 0x20, ...digest))).to.equal(wantKey(v0))
  })

  it('differ for another hash function, digest or digest length', () => {
    const keys = ['015512026162', '015512026163', '015513026162', '0155120161', '0155000161', '01550000'].map(hex => wantKey(fromHex(hex)))

    expect(new Set(keys)).to.have.property('size', 6)
    expect(keys).to.not.include(undefined)
  })

  it('accept an unknown hash function, an identity CID and a truncated hash', () => {
    expect(wantKey(fromHex('0155ffff7f0401020304'))).to.equal('\xff\xff\x7f\x04\x01\x02\x03\x04')
    expect(wantKey(fromHex('01550003616263'))).to.equal('\x00\x03abc')
    expect(wantKey(fromHex('0155120461626364'))).to.equal('\x12\x04abcd')
  })

  it('are the multihash, and convert back to it', () => {
    fc.assert(fc.property(arbitrary.cid, bytes => {
      // a CID has at most 168 bytes
      fc.pre(bytes.length <= 168)
      const key = wantKey(bytes)
      const multihash = CID.decode(bytes as Uint8Array<ArrayBuffer>).multihash.bytes

      expect(key).to.equal(multihashKey(multihash))
      expect(keyMultihash(key ?? '')).to.deep.equal(Uint8Array.from(multihash))
    }))
  })

  it('are made of any multihash, even a large one', () => {
    const multihash = new Uint8Array(1_000_000).fill(0xe9)

    expect(keyMultihash(multihashKey(multihash))).to.deep.equal(multihash)
    expect(multihashKey(new Uint8Array(0))).to.equal('')
  })

  it('are made of a CID in the middle of a larger buffer', () => {
    const cid = rawCid('block')

    for (const Type of [Uint8Array, Buffer]) {
      const buffer = Type.from([9, 9, ...cid, 9])

      expect(wantKey(buffer.subarray(2, 38))).to.equal(wantKey(cid))
    }
  })

  for (const [fault, hex] of Object.entries({
    'no bytes': '',
    'only a version': '01',
    'a version of 0': '0070122000',
    'a version of 2': '0255120161',
    'a version that is not minimally encoded': '810055120161',
    'a byte after the digest': '015512016100',
    'a digest that is cut off': '0155120261',
    'a codec that is cut off': '01d5',
    'a codec that is not minimally encoded': '01d500120161',
    'a codec above 2^53': '01ffffffffffffffff7f120161',
    'a length that is not minimally encoded': '015512810061',
    'a length of 2^49 - 1': '015512ffffffffffff7f61',
    'a CIDv0 of fewer than 32 bytes': '122061',
    'a CIDv0 that says it is shorter': '121061626364656667686162636465666768'
  })) {
    it(`are not made of a CID with ${fault}`, () => {
      expect(wantKey(fromHex(hex))).to.be.undefined()
    })
  }

  it('are not made of a CIDv0 with an extra byte', () => {
    expect(wantKey(Uint8Array.of(...cidV0('block'), 0))).to.be.undefined()
  })

  it('are made of a CID of 168 bytes, boxo\'s limit, and not of a longer one', () => {
    const inline = (length: number): Uint8Array => Uint8Array.of(0x01, 0x55, 0x00, ...arbitrary.varint(length), ...new Uint8Array(length))

    expect(inline(163)).to.have.lengthOf(168)
    expect(wantKey(inline(163))).to.have.lengthOf(166)
    expect(wantKey(inline(164))).to.be.undefined()
    expect(wantKey(inline(100_000))).to.be.undefined()
  })
})
