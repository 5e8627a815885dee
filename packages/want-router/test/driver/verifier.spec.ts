import { hash } from 'node:crypto'
import { multihashKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { from } from 'multiformats/hashes/hasher'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { UNVERIFIABLE, createVerifier } from '../../src/driver/verifier.ts'

const bytes = Uint8Array.of(1, 2, 3)

describe('driver: verifying blocks', () => {
  it('returns the key of the wants that a block answers, synchronously', async () => {
    const verify = createVerifier()
    expect(verify(Uint8Array.of(1, 0x55, 0x12, 32), bytes)).to.equal(multihashKey((await sha256.digest(bytes)).bytes))
    expect(verify(Uint8Array.of(0, 0x70, 0x12, 32), bytes)).to.equal(multihashKey((await sha256.digest(bytes)).bytes))
    expect(verify(Uint8Array.of(1, 0x55, 0x13, 64), bytes)).to.equal(multihashKey((await sha512.digest(bytes)).bytes))
  })

  it('knows truncated hashes by their truncated digest', async () => {
    const digest = (await sha256.digest(bytes)).digest.subarray(0, 20)
    expect(createVerifier()(Uint8Array.of(1, 0x55, 0x12, 20), bytes)).to.equal(multihashKey(Uint8Array.of(0x12, 20, ...digest)))
  })

  it('a block with an unknown hash prefix, or a malformed one, answers no want', () => {
    const verify = createVerifier()

    for (const prefix of [[1, 0x55, 0x77, 32], [1, 0x55, 0x12, 33], [1, 0x55, 0x12, 19], [1, 0x55, 0x12, 0], [1], [], [0xff, 0xff]]) {
      expect(verify(Uint8Array.from(prefix), bytes)).to.equal(UNVERIFIABLE)
    }
  })

  it('uses a digest as a string if a hasher offers one, truncated or not', async () => {
    const latin1 = (bytes: Uint8Array): string => hash('sha256', bytes, 'binary')
    const fast = createVerifier([Object.assign(from(sha256), { latin1 })])

    for (const prefix of [[1, 0x55, 0x12, 32], [0, 0x70, 0x12, 32], [1, 0x55, 0x12, 20], [1, 0x55, 0x12, 19], [1, 0x55, 0x12, 33]]) {
      for (const block of [bytes, new Uint8Array(), new Uint8Array(5000).fill(9)]) {
        expect(fast(Uint8Array.from(prefix), block)).to.equal(createVerifier()(Uint8Array.from(prefix), block))
      }
    }
  })

  it('takes further hash functions, asynchronous ones too', async () => {
    const hasher = from({ name: 'first-byte', code: 0x300001, encode: async bytes => bytes.slice(0, 1) })
    const key = createVerifier([hasher])(Uint8Array.of(1, 0x55, 0x81, 0x80, 0xc0, 0x01, 1), bytes)
    expect(key).to.be.a('promise')
    expect(await key).to.equal(multihashKey(Uint8Array.of(0x81, 0x80, 0xc0, 0x01, 1, 1)))
  })

  it('verifies digests of any length of a hash function that can make them', async () => {
    const long = from({ name: 'long', code: 0x1e, encode: (bytes: Uint8Array) => new Uint8Array(128).map((_, i) => i ^ bytes[0]) })
    const verify = createVerifier([long])
    const whole = (await long.digest(bytes)).digest
    expect(verify(Uint8Array.of(1, 0x55, 0x1e, 0x80, 0x01), bytes)).to.equal(multihashKey(Uint8Array.of(0x1e, 0x80, 0x01, ...whole)))
    expect(verify(Uint8Array.of(1, 0x55, 0x1e, 127), bytes)).to.equal(multihashKey(Uint8Array.of(0x1e, 127, ...whole.subarray(0, 127))))
    expect(verify(Uint8Array.of(1, 0x55, 0x1e, 32), bytes)).to.equal(multihashKey(Uint8Array.of(0x1e, 32, ...whole.subarray(0, 32))))
    expect(verify(Uint8Array.of(1, 0x55, 0x1e, 0x81, 0x01), bytes)).to.equal(UNVERIFIABLE)
  })

  it('knows truncated digests of hash functions with a long code', async () => {
    const hasher = from({ name: 'far', code: 0xb220, encode: async bytes => new Uint8Array(32).fill(bytes[0]) })
    expect(await createVerifier([hasher])(Uint8Array.of(1, 0x55, 0xa0, 0xe4, 0x02, 20), bytes))
      .to.equal(multihashKey(Uint8Array.of(0xa0, 0xe4, 0x02, 20, ...new Uint8Array(20).fill(1))))
  })

  it('lists the hash functions that it can verify', () => {
    const hashers = [
      from({ name: 'longer', code: 0x1e, encode: () => new Uint8Array(200) }),
      from({ name: 'short', code: 0x300001, encode: () => new Uint8Array(4) }),
      from({ name: 'stated', code: 0x300002, encode: async () => new Uint8Array(24), maxDigestLength: 24 }),
      from({ name: 'later', code: 0x300003, encode: async () => new Uint8Array(24) })
    ]
    expect(createVerifier(hashers).hashes).to.deep.equal([
      { code: 0x00, minLength: 0, maxLength: 128 },
      { code: 0x12, minLength: 20, maxLength: 32 },
      { code: 0x13, minLength: 20, maxLength: 64 },
      { code: 0x1e, minLength: 20, maxLength: 128 },
      { code: 0x300001, minLength: 4, maxLength: 4 },
      { code: 0x300002, minLength: 20, maxLength: 24 },
      { code: 0x300003, minLength: 20, maxLength: 128 }
    ])
  })
})
