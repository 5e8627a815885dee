import { createCipheriv, createDecipheriv, createHash, createSecretKey } from 'node:crypto'
import { Uint8ArrayList } from 'uint8arraylist'
import type { ICryptoInterface } from '@libp2p/noise'
import type { KeyObject } from 'node:crypto'

const CIPHER = 'chacha20-poly1305'
const TAG_LENGTH = 16
/** Up to this size, in bytes, copying the plaintext into one buffer costs less than calling the cipher for each piece. */
const JOINED = 16 << 10

/** The cipher among noise's primitives. */
export type NoiseCipher = Pick<ICryptoInterface, 'chaCha20Poly1305Encrypt' | 'chaCha20Poly1305Decrypt'>

/** Divides data into the pieces of which each takes one call of the cipher. */
export type Split = (data: Uint8Array | Uint8ArrayList) => Iterable<Uint8Array>

/** Noise's hash function by node:crypto. */
export function hashSHA256 (data: Uint8Array | Uint8ArrayList): Uint8Array {
  const hash = createHash('sha256')

  for (const piece of pieces(data)) {
    hash.update(piece)
  }

  return hash.digest()
}

/**
 * Noise's cipher by node:crypto, with the key's object created once for each connection and direction instead of once for
 * each frame: that takes about as long as encrypting 16 KiB. workerd has it too, with its flag nodejs_compat.
 *
 * @param threshold - shorter frames, in bytes, are left to `small`, since a call into OpenSSL has a fixed cost
 * @param small - the cipher for shorter frames
 * @param split - the pieces that are encrypted with one call each. Default: those of a list, so that only short data is copied
 */
export function createNativeCipher (threshold: number, small: NoiseCipher, split: Split = pieces): NoiseCipher {
  // Noise keeps one Uint8Array for each direction as long as the connection lives.
  // The map's entry is collected together with it.
  const keys = new WeakMap<Uint8Array, KeyObject>()

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
      return plaintext.byteLength < threshold
        ? small.chaCha20Poly1305Encrypt(plaintext, nonce, ad, k)
        : encrypt(plaintext, nonce, ad, keyObject(k), split)
    },

    chaCha20Poly1305Decrypt (ciphertext, nonce, ad, k, dst) {
      return ciphertext.byteLength < threshold
        ? small.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst)
        : decrypt(ciphertext, nonce, ad, keyObject(k), split)
    }
  }
}

function encrypt (plaintext: Uint8Array | Uint8ArrayList, nonce: Uint8Array, ad: Uint8Array, key: KeyObject, split: Split): Uint8ArrayList {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_LENGTH })
  const sealed = new Uint8ArrayList()

  cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })

  for (const piece of split(plaintext.byteLength <= JOINED ? plaintext.subarray() : plaintext)) {
    sealed.append(cipher.update(piece))
  }

  cipher.final()
  sealed.append(cipher.getAuthTag())

  return sealed
}

function decrypt (ciphertext: Uint8Array | Uint8ArrayList, nonce: Uint8Array, ad: Uint8Array, key: KeyObject, split: Split): Uint8Array | Uint8ArrayList {
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

  for (const piece of split(ciphertext.sublist(0, length))) {
    plaintext.append(decipher.update(piece))
  }

  // throws unless the tag matches, before any plaintext is returned
  decipher.final()

  return plaintext
}

function pieces (data: Uint8Array | Uint8ArrayList): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data
}
