import { multihashStart } from './cid-bytes.ts'

/**
 * A multihash as a string with one character for each byte (latin1): the cheapest
 * thing that a `Map` can be keyed by. CIDv0 and CIDv1 of one block, whatever their
 * codec, have the same key. It is not for printing.
 */
export type WantKey = string

/**
 * The key of what a CID names, from the CID's raw bytes; `undefined` if they are
 * not a well-formed CID of at most 168 bytes, boxo's limit. Unknown hash functions
 * and codecs are as good as any.
 */
export function wantKey (cid: Uint8Array): WantKey | undefined {
  const start = multihashStart(cid, 0, cid.length)

  return start === -1 ? undefined : latin1(cid, start)
}

/**
 * The key of a multihash, which is taken to be one
 */
export function multihashKey (multihash: Uint8Array): WantKey {
  return latin1(multihash, 0)
}

/**
 * The multihash that a key stands for, in an array of its own
 */
export function keyMultihash (key: WantKey): Uint8Array {
  const multihash = new Uint8Array(key.length)

  for (let i = 0; i < key.length; i++) {
    multihash[i] = key.charCodeAt(i)
  }

  return multihash
}

// a multihash of 32 bytes of digest, as nearly all are
const COMMON_LENGTH = 34

// arguments lie on the stack, which an identity multihash could overflow
const MAX_ARGUMENTS = 1024

/**
 * Spelling the arguments out makes a key in a third of the time that `apply` needs,
 * and without a view of the multihash. A TextDecoder is no alternative: its latin1 is
 * windows-1252.
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

  let key = ''

  for (let start = i; start < b.length; start += MAX_ARGUMENTS) {
    key += String.fromCharCode.apply(null, b.subarray(start, start + MAX_ARGUMENTS) as unknown as number[])
  }

  return key
}
