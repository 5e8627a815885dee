import { createHash } from 'node:crypto'
import { blake2b256 } from '@multiformats/blake2/blake2b'

/** By multihash code. A digest may be longer than a prefix asks: prefixCid truncates it. */
const functions = new Map<number, (bytes: Uint8Array) => Uint8Array>([
  [0x00, bytes => bytes],
  [0x11, bytes => createHash('sha1').update(bytes).digest()],
  [0x12, bytes => createHash('sha256').update(bytes).digest()],
  [0x13, bytes => createHash('sha512').update(bytes).digest()],
  [blake2b256.code, bytes => blake2b256.encode(bytes) as Uint8Array]
])

/** The digest of a block under a multihash code, or undefined if no test uses that function. */
export function hashBlock (code: number, bytes: Uint8Array): Uint8Array | undefined {
  return functions.get(code)?.(bytes)
}
