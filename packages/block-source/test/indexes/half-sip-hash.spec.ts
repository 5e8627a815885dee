import { expect } from 'aegir/chai'
import { halfSipHash } from '../../src/indexes/half-sip-hash.ts'

describe('halfSipHash', () => {
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
