import { hash } from 'node:crypto'
import { multihashKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { from } from 'multiformats/hashes/hasher'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { UNVERIFIABLE, verifier } from '../../src/driver/verify.ts'

const bytes = Uint8Array.of(1, 2, 3)

describe('driver: verifying blocks', () => {
  it('returns at once the key of the wants that a block answers', async () => {
    const verify = verifier()
    expect(verify(Uint8Array.of(1, 0x55, 0x12, 32), bytes)).to.equal(multihashKey((await sha256.digest(bytes)).bytes))
    expect(verify(Uint8Array.of(0, 0x70, 0x12, 32), bytes)).to.equal(multihashKey((await sha256.digest(bytes)).bytes))
    expect(verify(Uint8Array.of(1, 0x55, 0x13, 64), bytes)).to.equal(multihashKey((await sha512.digest(bytes)).bytes))
  })

  it('knows truncated hashes by their truncated digest', async () => {
    const digest = (await sha256.digest(bytes)).digest.subarray(0, 20)
    expect(verifier()(Uint8Array.of(1, 0x55, 0x12, 20), bytes)).to.equal(multihashKey(Uint8Array.of(0x12, 20, ...digest)))
  })

  it('a block with an unknown hash prefix, or a malformed one, answers nobody', () => {
    const verify = verifier()
    for (const prefix of [[1, 0x55, 0x77, 32], [1, 0x55, 0x12, 33], [1, 0x55, 0x12, 19], [1, 0x55, 0x12, 0], [1], [], [0xff, 0xff]]) {
      expect(verify(Uint8Array.from(prefix), bytes)).to.equal(UNVERIFIABLE)
    }
  })

  it('takes a digest as a string where a hasher offers one, truncated or not', async () => {
    const latin1 = (bytes: Uint8Array): string => hash('sha256', bytes, 'binary')
    const fast = verifier([Object.assign(from(sha256), { latin1 })])
    for (const prefix of [[1, 0x55, 0x12, 32], [0, 0x70, 0x12, 32], [1, 0x55, 0x12, 20], [1, 0x55, 0x12, 19], [1, 0x55, 0x12, 33]]) {
      for (const block of [bytes, new Uint8Array(), new Uint8Array(5000).fill(9)]) {
        expect(fast(Uint8Array.from(prefix), block)).to.equal(verifier()(Uint8Array.from(prefix), block))
      }
    }
  })

  it('takes further hash functions, asynchronous ones too', async () => {
    const hasher = from({ name: 'first-byte', code: 0x300001, encode: async bytes => bytes.slice(0, 1) })
    const key = verifier([hasher])(Uint8Array.of(1, 0x55, 0x81, 0x80, 0xc0, 0x01, 1), bytes)
    expect(key).to.be.a('promise')
    expect(await key).to.equal(multihashKey(Uint8Array.of(0x81, 0x80, 0xc0, 0x01, 1, 1)))
  })
})
