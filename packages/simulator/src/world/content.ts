import { keyMultihash, multihashKey, wantKey } from '@kitsune/bitswap-codec'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Verify } from '@kitsune/want-router/engine'

/**
 * Content without hashing: the n-th block has a well-formed raw CIDv1 whose
 * "digest" is n, mixed, and its bytes are a view of one zero buffer that carries
 * the key that it would hash to.
 */

const RAW = 0x55
const SHA2_256 = 0x12
const DIGEST = 32
// the last bytes of the digest spell n, so that n can be read back
const INDEX_AT = 4 + DIGEST - 8

/** The raw CID bytes of the n-th block; n is an integer from 0 to 2^53. */
export function contentCid (n: number): Uint8Array {
  const cid = new Uint8Array(4 + DIGEST)
  const view = new DataView(cid.buffer)
  cid[0] = 1
  cid[1] = RAW
  cid[2] = SHA2_256
  cid[3] = DIGEST
  view.setUint32(4, mix(n), false)
  view.setUint32(INDEX_AT, Math.floor(n / 2 ** 32), false)
  view.setUint32(INDEX_AT + 4, n >>> 0, false)

  return cid
}

/** The key of the n-th block. */
export function contentKey (n: number): WantKey {
  return multihashKey(contentCid(n).subarray(2))
}

/** Which block a CID of {@link contentCid} names. */
export function contentIndex (cid: Uint8Array): number {
  const view = new DataView(cid.buffer, cid.byteOffset, cid.byteLength)

  return view.getUint32(INDEX_AT, false) * 2 ** 32 + view.getUint32(INDEX_AT + 4, false)
}

/** Bytes that are known to hash to a key. */
interface Content extends Uint8Array {
  contentKey?: WantKey
}

let zeros = new ArrayBuffer(1 << 20)

/** A block of this size that hashes to the key. All blocks share one buffer of zeros: do not write to it. */
export function contentBlock (key: WantKey, size: number): Uint8Array {
  if (size > zeros.byteLength) {
    zeros = new ArrayBuffer(size)
  }

  const block: Content = new Uint8Array(zeros, 0, size)
  block.contentKey = key

  return block
}

/** The key that a block of {@link contentBlock} hashes to; undefined for other bytes. */
export function contentBlockKey (bytes: Uint8Array): WantKey | undefined {
  return (bytes as Content).contentKey
}

/** A CID for a key from elsewhere, such as a recording: raw, CIDv1. */
export function cidOfKey (key: WantKey): Uint8Array {
  const multihash = keyMultihash(key)
  const cid = new Uint8Array(2 + multihash.byteLength)
  cid[0] = 1
  cid[1] = RAW
  cid.set(multihash, 2)

  return cid
}

/**
 * The driver's `verify`: reads the key off a {@link contentBlock}. Other bytes get a
 * key that no want has, as bytes that cannot be verified do.
 */
export const verifyContent: Verify = (prefix, bytes) => contentBlockKey(bytes) ?? ''

/** The key of raw CID bytes that are known to be well formed. */
export function keyOf (cid: Uint8Array): WantKey {
  return wantKey(cid) ?? ''
}

/** murmur3's finaliser over both halves of n: neighbours share no prefix. */
function mix (n: number): number {
  let h = (n ^ Math.floor(n / 2 ** 32)) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)

  return (h ^ (h >>> 16)) >>> 0
}
