import { noise, pureJsCrypto } from '@libp2p/noise'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { createNoiseCrypto } from '../../src/node/noise-crypto.ts'
import { createQuietLogger } from '../../src/quiet-logger.ts'
import type { ICryptoInterface, KeyPair } from '@libp2p/noise'

type Bytes = Uint8Array | Uint8ArrayList

/** The fields of the primitives that noise uses. */
interface WrappedCrypto {
  encrypt (plaintext: Bytes, nonce: Uint8Array, ad: Uint8Array, k: Uint8Array): Bytes
  decrypt (ciphertext: Bytes, nonce: Uint8Array, ad: Uint8Array, k: Uint8Array, dst?: Uint8Array): Bytes
  hash (data: Bytes): Uint8Array
  hkdf (ck: Uint8Array, ikm: Uint8Array): Uint8Array[]
  dh (keys: KeyPair, publicKey: Bytes): Uint8Array
  generateKeypair (): KeyPair
}

describe('noise crypto', () => {
  const theirs = wrapped()
  const ours = wrapped(createNoiseCrypto())

  // both sides of the sizes at which the implementations change, and a whole frame
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(0, 1, 495, 496, 511, 512, 513, 1183, 1184, 1199, 1200, 65_519).chain(size => fc.uint8Array({ minLength: size, maxLength: size }))
  )
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
  const nonce = fc.uint8Array({ minLength: 12, maxLength: 12 })
  const ad = fc.uint8Array({ maxLength: 40 })
  const cuts = fc.array(fc.nat(65_519), { maxLength: 4 })

  it('encrypts like noise\'s default, for any division of the plaintext into pieces', () => {
    fc.assert(fc.property(content, key, nonce, ad, cuts, (content, k, nonce, ad, cuts) => {
      const expected = theirs.encrypt(content.slice(), nonce, ad, k).subarray()

      expect(same(ours.encrypt(content, nonce, ad, k), expected)).to.be.true()
      expect(same(ours.encrypt(cut(content, cuts), nonce, ad, k), expected)).to.be.true()
    }))
  })

  it('decrypts like noise\'s default, for any division of the ciphertext into pieces', () => {
    fc.assert(fc.property(content, key, nonce, ad, cuts, (content, k, nonce, ad, cuts) => {
      const sealed = theirs.encrypt(content.slice(), nonce, ad, k).slice()

      expect(same(ours.decrypt(cut(sealed.slice(), cuts), nonce, ad, k), content)).to.be.true()
      expect(same(ours.decrypt(sealed.slice(), nonce, ad, k), content)).to.be.true()
    }))
  })

  it('refuses modified ciphertext', () => {
    fc.assert(fc.property(content, key, nonce, ad, fc.nat(), cuts, (content, k, nonce, ad, at, cuts) => {
      const sealed = ours.encrypt(content, nonce, ad, k).slice()
      sealed[at % sealed.byteLength] ^= 1

      expect(() => ours.decrypt(sealed.slice(), nonce, ad, k)).to.throw()
      expect(() => ours.decrypt(cut(sealed.slice(), cuts), nonce, ad, k)).to.throw()
    }))
  })

  it('keeps the keys of connections apart', () => {
    fc.assert(fc.property(content, fc.array(key, { minLength: 2, maxLength: 5 }), nonce, ad, (content, keys, nonce, ad) => {
      for (const k of [...keys, ...keys]) {
        expect(same(ours.encrypt(content, nonce, ad, k), theirs.encrypt(content.slice(), nonce, ad, k).subarray())).to.be.true()
      }
    }))
  })

  it('hashes, derives and agrees on keys like noise\'s default', () => {
    fc.assert(fc.property(content, key, key, cuts, (content, ck, seed, cuts) => {
      expect(same(ours.hash(content), theirs.hash(content))).to.be.true()
      expect(same(ours.hash(cut(content, cuts)), theirs.hash(content))).to.be.true()
      expect(ours.hkdf(ck, content)).to.deep.equal(theirs.hkdf(ck, content))

      const mine = createNoiseCrypto().generateX25519KeyPairFromSeed(seed)
      const other = ours.generateKeypair()
      const third = theirs.generateKeypair()

      expect(same(mine.publicKey, pureJsCrypto.generateX25519KeyPairFromSeed(seed).publicKey)).to.be.true()
      expect(same(ours.dh(mine, other.publicKey), theirs.dh(other, new Uint8ArrayList(mine.publicKey)))).to.be.true()
      expect(same(ours.dh(third, new Uint8ArrayList(mine.publicKey)), theirs.dh(mine, third.publicKey))).to.be.true()
    }), { numRuns: 30 })
  })
})

function wrapped (crypto?: ICryptoInterface): WrappedCrypto {
  // fields of a running host that noise only uses later
  const components = { logger: createQuietLogger() } as unknown as Parameters<ReturnType<typeof noise>>[0]

  return (noise(crypto == null ? {} : { crypto })(components) as unknown as { crypto: WrappedCrypto }).crypto
}

function same (a: Bytes, b: Bytes): boolean {
  return Buffer.compare(a.subarray(), b.subarray()) === 0
}

function cut (bytes: Uint8Array, cuts: number[]): Uint8ArrayList {
  const list = new Uint8ArrayList()
  let offset = 0

  for (const at of cuts.map(at => at % (bytes.byteLength + 1)).sort((a, b) => a - b)) {
    list.append(bytes.subarray(offset, at))
    offset = at
  }

  list.append(bytes.subarray(offset))

  return list
}
