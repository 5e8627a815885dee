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

  return start === -1 ? undefined : latin1(start === 0 ? cid : cid.subarray(start))
}

/**
 * The key of a multihash, which is taken to be one
 */
export function multihashKey (multihash: Uint8Array): WantKey {
  return latin1(multihash)
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

function latin1 (bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}
