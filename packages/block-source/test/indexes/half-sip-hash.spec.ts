import { expect } from 'aegir/chai'
import { halfSipHash } from '../../src/indexes/half-sip-hash.ts'

/** The hashes of no bytes, 00, 00 01 and so on, from the reference implementation. */
const VECTORS = [0x5b9f35a9, 0xb85a4727, 0x03a662fa, 0x04e7fe8a, 0x89466e2a, 0x69b6fac5, 0x23fc6358, 0xc563cf8b, 0x8f84b8d0, 0x79e706f8]

describe('halfSipHash', () => {
  it('is HalfSipHash-2-4', () => {
    const key = Uint32Array.of(0x03020100, 0x07060504)

    expect(VECTORS.map((_, length) => halfSipHash(Uint8Array.from({ length }, (_, i) => i), key))).to.deep.equal(VECTORS)
  })

  it('depends on each byte, on the length and on the key', () => {
    const key = Uint32Array.of(0x03020100, 0x07060504)
    const bytes = Uint8Array.from({ length: 63 }, (_, i) => i)
    const seen = new Set<number>()

    for (let length = 0; length <= 63; length++) {
      seen.add(halfSipHash(bytes.subarray(0, length), key))

      for (let i = 0; i < length; i++) {
        const changed = bytes.slice(0, length)
        changed[i] ^= 0x80
        seen.add(halfSipHash(changed, key))
      }
    }

    expect(seen.size).to.equal(64 + 63 * 64 / 2)
    expect(halfSipHash(bytes, Uint32Array.of(0, 1))).to.not.equal(halfSipHash(bytes, Uint32Array.of(1, 0)))
  })
})
