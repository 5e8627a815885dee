import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305'
import { pureJsCrypto } from '@libp2p/noise'
import { createNativeCipher, hashSHA256 } from '../native/cipher.ts'
import type { ICryptoInterface } from '@libp2p/noise'
import type { KeyObject } from 'node:crypto'

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
  const small = new ChaCha20Poly1305(newInstance())

  return {
    hashSHA256,
    getHKDF: pureJsCrypto.getHKDF,
    ...x25519,
    ...createNativeCipher(SMALL, {
      chaCha20Poly1305Encrypt: (plaintext, nonce, ad, k) => small.seal(k, nonce, plaintext.subarray(), ad),
      chaCha20Poly1305Decrypt: (ciphertext, nonce, ad, k, dst) => small.open(k, nonce, ciphertext.subarray(), ad, dst) ?? fail()
    })
  }
}

type X25519 = Pick<ICryptoInterface, 'generateX25519KeyPair' | 'generateX25519KeyPairFromSeed' | 'generateX25519SharedKey'>

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
