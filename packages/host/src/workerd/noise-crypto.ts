import { pureJsCrypto } from '@libp2p/noise'
import { createNativeCipher, hashSHA256 } from '../native/cipher.ts'
import type { ICryptoInterface } from '@libp2p/noise'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Below this size JavaScript is faster than a call into the platform, bytes. */
const SMALL = 256

/**
 * Noise's primitives in workerd: the cipher and the hash of node:crypto, which need its flag
 * nodejs_compat; the curve in JavaScript, since workerd's node:crypto cannot use X25519, and a
 * Worker cannot compile WebAssembly.
 */
export function createNoiseCrypto (): ICryptoInterface {
  return { ...pureJsCrypto, hashSHA256, ...createNativeCipher(SMALL, pureJsCrypto, whole) }
}

/** workerd encrypts with one call for each frame, and fails at the second. */
function whole (data: Uint8Array | Uint8ArrayList): Iterable<Uint8Array> {
  return [data.subarray()]
}
