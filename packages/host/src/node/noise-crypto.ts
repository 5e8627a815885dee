import { createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, createSecretKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305'
import { pureJsCrypto } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'
import type { ICryptoInterface } from '@libp2p/noise'
import type { KeyObject } from 'node:crypto'

const CIPHER = 'chacha20-poly1305'
const TAG_LENGTH = 16
const KEY_LENGTH = 32
/** Below this size WebAssembly is faster than the calls into OpenSSL: they were measured to break even at 400 to 700 bytes. */
const SMALL = 512
// DER around a raw X25519 key, RFC 8410
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')

/**
 * Noise's primitives by node:crypto, as in noise's default, except that the cipher's
 * KeyObject is created once for each connection and direction instead of once for
 * each frame. Creating a KeyObject takes about as long as encrypting 16 KiB.
 */
export function createNoiseCrypto (): ICryptoInterface {
  return { hashSHA256, getHKDF: pureJsCrypto.getHKDF, ...x25519, ...createCipher() }
}

type Cipher = Pick<ICryptoInterface, 'chaCha20Poly1305Encrypt' | 'chaCha20Poly1305Decrypt'>
type X25519 = Pick<ICryptoInterface, 'generateX25519KeyPair' | 'generateX25519KeyPairFromSeed' | 'generateX25519SharedKey'>

function hashSHA256 (data: Uint8Array | Uint8ArrayList): Uint8Array {
  const hash = createHash('sha256')

  for (const piece of pieces(data)) {
    hash.update(piece)
  }

  return hash.digest()
}

const x25519: X25519 = {
  generateX25519KeyPair () {
    const { publicKey, privateKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' }
    })

    return {
      publicKey: publicKey.subarray(-KEY_LENGTH),
      privateKey: privateKey.subarray(-KEY_LENGTH)
    }
  },

  generateX25519KeyPairFromSeed (seed) {
    return {
      publicKey: createPublicKey(privateX25519(seed)).export({ type: 'spki', format: 'der' }).subarray(-KEY_LENGTH),
      privateKey: seed
    }
  },

  generateX25519SharedKey (privateKey, publicKey) {
    return diffieHellman({
      privateKey: privateX25519(privateKey.subarray()),
      publicKey: createPublicKey({
        key: Buffer.concat([SPKI_PREFIX, publicKey.subarray()]),
        type: 'spki',
        format: 'der'
      })
    })
  }
}

function createCipher (): Cipher {
  // Noise keeps one Uint8Array for each direction as long as the connection lives.
  // The map's entry is collected together with it.
  const keys = new WeakMap<Uint8Array, KeyObject>()
  const small = new ChaCha20Poly1305(newInstance())

  function keyObject (k: Uint8Array): KeyObject {
    let key = keys.get(k)

    if (key == null) {
      key = createSecretKey(k)
      keys.set(k, key)
    }

    return key
  }

  return {
    chaCha20Poly1305Encrypt (plaintext, nonce, ad, k) {
      return plaintext.byteLength < SMALL
        ? small.seal(k, nonce, plaintext.subarray(), ad)
        : encrypt(plaintext, nonce, ad, keyObject(k))
    },

    chaCha20Poly1305Decrypt (ciphertext, nonce, ad, k, dst) {
      return ciphertext.byteLength < SMALL
        ? small.open(k, nonce, ciphertext.subarray(), ad, dst) ?? fail()
        : decrypt(ciphertext, nonce, ad, keyObject(k))
    }
  }
}

function encrypt (plaintext: Uint8Array | Uint8ArrayList, nonce: Uint8Array, ad: Uint8Array, key: KeyObject): Uint8ArrayList {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_LENGTH })
  const sealed = new Uint8ArrayList()

  cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })

  for (const piece of pieces(plaintext)) {
    sealed.append(cipher.update(piece))
  }

  cipher.final()
  sealed.append(cipher.getAuthTag())

  return sealed
}

function decrypt (ciphertext: Uint8Array | Uint8ArrayList, nonce: Uint8Array, ad: Uint8Array, key: KeyObject): Uint8Array | Uint8ArrayList {
  const length = ciphertext.byteLength - TAG_LENGTH
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_LENGTH })

  decipher.setAAD(ad, { plaintextLength: length })
  decipher.setAuthTag(ciphertext.subarray(length))

  if (ciphertext instanceof Uint8Array) {
    const plaintext = decipher.update(ciphertext.subarray(0, length))
    decipher.final()

    return plaintext
  }

  const plaintext = new Uint8ArrayList()

  for (const piece of ciphertext.sublist(0, length)) {
    plaintext.append(decipher.update(piece))
  }

  // throws unless the tag matches, before any plaintext is returned
  decipher.final()

  return plaintext
}

function fail (): never {
  throw new Error('Invalid chacha20poly1305 decryption')
}

function privateX25519 (seed: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    type: 'pkcs8',
    format: 'der'
  })
}

function pieces (data: Uint8Array | Uint8ArrayList): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data
}
