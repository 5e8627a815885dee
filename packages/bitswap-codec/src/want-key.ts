import { multihashStart } from './cid-bytes.ts'

/**
 * A multihash as a string with one character for each byte (latin1), which is the
 * cheapest key for a `Map`. CIDv0 and CIDv1 of one block have the same key, with any
 * codec. Do not print it.
 */
export type WantKey = string

/**
 * Returns the key of the block that a CID names, given the CID's raw bytes;
 * `undefined` if they are not a well-formed CID of at most 168 bytes, boxo's limit.
 * Unknown hash functions and codecs are accepted.
 */
export function wantKey (cid: Uint8Array): WantKey | undefined {
  const start = multihashStart(cid, 0, cid.length)

  return start === -1 ? undefined : latin1(cid, start)
}

/**
 * Returns the key of a multihash, without checking that it is one
 */
export function multihashKey (multihash: Uint8Array): WantKey {
  return latin1(multihash, 0)
}

/**
 * Returns the multihash of a key, in a new array
 */
export function keyMultihash (key: WantKey): Uint8Array {
  const multihash = new Uint8Array(key.length)

  for (let i = 0; i < key.length; i++) {
    multihash[i] = key.charCodeAt(i)
  }

  return multihash
}

// nearly all multihashes have a digest of 32 bytes, and nearly all CIDv1s two bytes more; both are used as keys
const COMMON_LENGTH = 34
const COMMON_CID_LENGTH = 36

// arguments are put on the stack, which a long identity multihash could overflow
const MAX_ARGUMENTS = 1024

/**
 * Spelling the arguments out takes a third of the time of `apply`, and needs no view
 * of the multihash. A TextDecoder is no alternative: its latin1 is windows-1252.
 */
function latin1 (b: Uint8Array, i: number): string {
  if (b.length - i === COMMON_LENGTH) {
    return String.fromCharCode(
      b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5],
      b[i + 6], b[i + 7], b[i + 8], b[i + 9], b[i + 10], b[i + 11],
      b[i + 12], b[i + 13], b[i + 14], b[i + 15], b[i + 16], b[i + 17],
      b[i + 18], b[i + 19], b[i + 20], b[i + 21], b[i + 22], b[i + 23],
      b[i + 24], b[i + 25], b[i + 26], b[i + 27], b[i + 28], b[i + 29],
      b[i + 30], b[i + 31], b[i + 32], b[i + 33]
    )
  }

  if (b.length - i === COMMON_CID_LENGTH) {
    return String.fromCharCode(
      b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5],
      b[i + 6], b[i + 7], b[i + 8], b[i + 9], b[i + 10], b[i + 11],
      b[i + 12], b[i + 13], b[i + 14], b[i + 15], b[i + 16], b[i + 17],
      b[i + 18], b[i + 19], b[i + 20], b[i + 21], b[i + 22], b[i + 23],
      b[i + 24], b[i + 25], b[i + 26], b[i + 27], b[i + 28], b[i + 29],
      b[i + 30], b[i + 31], b[i + 32], b[i + 33], b[i + 34], b[i + 35]
    )
  }

  let key = ''

  for (let start = i; start < b.length; start += MAX_ARGUMENTS) {
    key += String.fromCharCode.apply(null, b.subarray(start, start + MAX_ARGUMENTS) as unknown as number[])
  }

  return key
}
