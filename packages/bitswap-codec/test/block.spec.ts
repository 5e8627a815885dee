import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256 as sha2256, sha512 } from 'multiformats/hashes/sha2'
import { cidPrefix, decodeCid, identityData, isIdentity, parsePrefix, prefixCid } from '../src/index.ts'
import * as arbitrary from './fixtures/arbitraries.ts'
import { cidV0, fromHex, rawCid, sha256 } from './fixtures/bytes.ts'

const data = new TextEncoder().encode('block')

describe('the prefix of a block', () => {
  it('is the CID without its digest, and leads back to the CID, for any codec and hash function', () => {
    fc.assert(fc.property(arbitrary.cid, bytes => {
      fc.pre(bytes.length <= 168)
      const cid = CID.decode(bytes as Uint8Array<ArrayBuffer>)
      const prefix = cidPrefix(bytes)

      expect(parsePrefix(prefix)).to.deep.equal({ version: cid.version, codec: cid.code, hashCode: cid.multihash.code, hashLength: cid.multihash.size })
      expect(prefixCid(prefix, cid.multihash.digest)).to.deep.equal(bytes)
    }))
  })

  for (const hasher of [sha2256, sha512, blake2b256]) {
    it(`leads to the CID of a block hashed by ${hasher.name}`, async () => {
      const multihash = await hasher.digest(data)
      const prefix = Uint8Array.of(0x01, 0x55, ...arbitrary.varint(hasher.code), multihash.size)
      const cid = CID.createV1(0x55, multihash)

      expect(prefixCid(prefix, multihash.digest)).to.deep.equal(cid.bytes)
      expect(cidPrefix(cid.bytes)).to.deep.equal(prefix)
    })
  }

  it('is 00 70 12 20 for a CIDv0, and leads back to one', () => {
    const prefix = cidPrefix(cidV0('block'))

    expect(prefix).to.deep.equal(Uint8Array.of(0x00, 0x70, 0x12, 0x20))
    expect(prefixCid(prefix, sha256('block'))).to.deep.equal(cidV0('block'))
  })

  it('truncates the digest to its length', () => {
    expect(prefixCid(fromHex('01551214'), sha256('block'))).to.deep.equal(Uint8Array.of(0x01, 0x55, 0x12, 0x14, ...sha256('block').subarray(0, 20)))
  })

  it('of the identity function takes the whole block and ignores the length', () => {
    const cid = CID.createV1(0x55, identity.digest(data)).bytes

    expect(prefixCid(cidPrefix(cid), data)).to.deep.equal(cid)
    expect(prefixCid(fromHex('01550000'), data)).to.deep.equal(cid)
    expect(prefixCid(fromHex('0155007f'), data)).to.deep.equal(cid)
  })

  it('of an unknown hash function can be read, and makes a CID with a digest', () => {
    expect(parsePrefix(fromHex('0155ffff7f04'))).to.deep.equal({ version: 1, codec: 0x55, hashCode: 0x1fffff, hashLength: 4 })
    expect(prefixCid(fromHex('0155ffff7f04'), fromHex('01020304'))).to.deep.equal(fromHex('0155ffff7f0401020304'))
  })

  it('may have bytes after it, and any codec in version 0, as in boxo', () => {
    expect(parsePrefix(fromHex('0155122000'))).to.deep.equal({ version: 1, codec: 0x55, hashCode: 0x12, hashLength: 32 })
    expect(prefixCid(fromHex('00551220'), sha256('block'))).to.deep.equal(cidV0('block'))
  })

  it('is refused if the digest is shorter than it says', () => {
    expect(() => prefixCid(fromHex('01551221'), sha256('block'))).to.throw(/digest of 33 bytes.*0x12.* returned 32/).with.property('name', 'InvalidPrefixError')
  })

  for (const [fault, hex] of Object.entries({
    empty: '',
    'cut off': '015512',
    'of version 2': '02551220',
    'of version 0 and not sha2-256': '00701340',
    'of version 0 and a truncated hash': '00701214',
    'not minimally encoded': '01d5001220',
    'of a codec above 2^53': '01ffffffffffffffff7f1220'
  })) {
    it(`is refused if it is ${fault}`, () => {
      expect(() => parsePrefix(fromHex(hex))).to.throw().with.property('name', 'InvalidPrefixError')
      expect(() => prefixCid(fromHex(hex), sha256('block'))).to.throw().with.property('name', 'InvalidPrefixError')
    })
  }

  it('has its own buffer, which does not keep the frame of the CID in memory', () => {
    const frame = new Uint8Array(1_000)
    frame.set(rawCid('block'), 10)

    expect(cidPrefix(frame.subarray(10, 46)).buffer.byteLength).to.equal(4)
  })

  it('is not made from bytes that are not a CID', () => {
    expect(() => cidPrefix(fromHex('0155'))).to.throw(/2 bytes/).with.property('name', 'InvalidCIDError')
  })
})

describe('an identity CID', () => {
  it('is recognised, and contains its block', () => {
    const cid = CID.createV1(0x71, identity.digest(data)).bytes

    expect(isIdentity(cid)).to.be.true()
    expect(identityData(cid)).to.deep.equal(data)
    expect(identityData(fromHex('01550000'))).to.deep.equal(new Uint8Array(0))
  })

  it('is not recognised if it is malformed or another CID', () => {
    for (const cid of [cidV0('block'), rawCid('block'), fromHex('01550003'), fromHex('0155')]) {
      expect(isIdentity(cid)).to.be.false()
      expect(identityData(cid)).to.be.undefined()
    }
  })
})

describe('decodeCid', () => {
  it('gives the CID that multiformats reads', () => {
    fc.assert(fc.property(arbitrary.cid, bytes => {
      fc.pre(bytes.length <= 168)
      expect(decodeCid(bytes)?.equals(CID.decode(bytes as Uint8Array<ArrayBuffer>))).to.be.true()
    }))
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(arbitrary.bytes(0, 60), arbitrary.cid.map(cid => cid.map((byte, i) => i < 4 ? byte ^ 0x80 : byte))), bytes => {
      const cid = decodeCid(bytes)

      if (cid != null) {
        expect(Uint8Array.from(cid.bytes)).to.deep.equal(Uint8Array.from(bytes))
      }
    }))
  })

  it('does not keep the frame of the bytes in memory', () => {
    const frame = new Uint8Array(1_000)
    frame.set(rawCid('block'), 10)

    expect(decodeCid(frame.subarray(10, 46))?.bytes.buffer.byteLength).to.equal(36)
  })
})
