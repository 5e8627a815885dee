import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { createCursor, int32Length, readBool, readVarint, toInt32, varintLength, writeInt32, writeVarint } from '../src/wire.ts'
import { bytes, int32 } from './fixtures/arbitraries.ts'
import { fromHex } from './fixtures/bytes.ts'

describe('varints', () => {
  it('are read back as they were written, including negative ones', () => {
    fc.assert(fc.property(int32, value => {
      const written = new Uint8Array(10)
      const end = writeInt32(written, 0, value)
      const cursor = createCursor(written.subarray(0, end))

      expect(end).to.equal(int32Length(value))
      expect(readVarint(cursor)).to.equal(value)
      expect(cursor).to.include({ pos: end, fault: undefined })
    }))
  })

  it('of numbers up to 2^32 - 1 have the length that varintLength returns', () => {
    fc.assert(fc.property(fc.nat(2 ** 32 - 1), value => {
      expect(writeVarint(new Uint8Array(5), 0, value)).to.equal(varintLength(value))
    }))
  })

  it('are read like a 64-bit reader does, for any bytes', () => {
    const anyBytes = fc.oneof(bytes(0, 12), fc.tuple(bytes(0, 11), fc.nat(0x7f)).map(([more, last]) => Uint8Array.of(...more.map(byte => byte | 0x80), last)))

    fc.assert(fc.property(anyBytes, written => {
      const length = written.findIndex(byte => byte < 0x80) + 1
      const value = written.subarray(0, length).reduce((value, byte, i) => value | BigInt(byte & 0x7f) << BigInt(7 * i), 0n)
      const cursor = createCursor(written)
      const low = readVarint(cursor)

      if (length === 0 || length > 10 || value >= 1n << 64n) {
        expect(cursor).to.have.property('fault').that.is.a('string')
      } else {
        expect(cursor).to.include({ pos: length, fault: undefined })
        expect(low).to.equal(Number(BigInt.asIntN(32, value)))
        expect(cursor.high !== 0).to.equal(value >= 1n << 32n)
        expect(readBool(createCursor(written))).to.equal(value !== 0n)
      }
    }), { numRuns: 2_000 })
  })

  it('are not read beyond the end of their message', () => {
    for (const hex of ['8001', 'ffffffff07', '05']) {
      for (let end = 0; end < hex.length / 2; end++) {
        const cursor = createCursor(fromHex(hex))
        cursor.end = end
        readVarint(cursor)

        expect(cursor.fault).to.equal('a varint that is cut off')
      }
    }
  })
})

describe('toInt32', () => {
  it('returns the nearest int32', () => {
    expect([0.9, -0.9, 2 ** 31, -(2 ** 31) - 1, Infinity, -Infinity, NaN].map(toInt32)).to.deep.equal([0, 0, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31), 0])
  })
})
