import { multihashKey, parsePrefix } from '@kitsune/bitswap-codec'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { MultihashDigest, MultihashHasher } from 'multiformats'

/** A block that cannot be verified has the key that no want has. */
export const UNVERIFIABLE: WantKey = ''

/**
 * Hashes a block as its prefix says and returns the key of the wants that it
 * answers; {@link UNVERIFIABLE} for a malformed prefix or an unknown hash
 * function. A promise only where the hasher is asynchronous, as in browsers.
 */
export type Verify = (prefix: Uint8Array, bytes: Uint8Array) => WantKey | Promise<WantKey>

/** A hash function; `digest` may be asynchronous. */
export interface BlockHasher extends MultihashHasher {
  /**
   * The digest as a latin1 string, synchronously: a third of the time for a block of 1 KiB where the
   * platform can make one, as node:crypto's `hash(name, bytes, 'binary')` does.
   */
  latin1? (bytes: Uint8Array): string
}

/** @param hashers - besides sha2-256, sha2-512 and identity; the later of two with one code wins */
export function verifier (hashers: readonly BlockHasher[] = []): Verify {
  const byCode = new Map<number, BlockHasher>()
  for (const hasher of [identity, sha256, sha512, ...hashers]) {
    byCode.set(hasher.code, hasher)
  }

  return (prefix, bytes) => {
    let hasher: BlockHasher | undefined
    let length: number
    try {
      const info = parsePrefix(prefix)
      hasher = byCode.get(info.hashCode)
      length = info.hashLength
    } catch {
      return UNVERIFIABLE
    }
    if (hasher == null) {
      return UNVERIFIABLE
    }
    if (hasher.latin1 != null) {
      return keyOfString(hasher.code, hasher.latin1(bytes), length)
    }
    const digest = hasher.digest(bytes)
    return digest instanceof Promise ? digest.then(digest => keyOf(digest, length)) : keyOf(digest, length)
  }
}

// kubo's least: a digest of a few bytes fits more than one block
const MIN_DIGEST = 20
// lengths and codes below take one byte as a varint
const ONE_BYTE = 128

/** The key under a digest that may have been truncated to `length` bytes. */
function keyOfString (code: number, digest: string, length: number): WantKey {
  if (length < MIN_DIGEST || length > digest.length || length >= ONE_BYTE || code >= ONE_BYTE) {
    return UNVERIFIABLE
  }
  return String.fromCharCode(code, length) + (length === digest.length ? digest : digest.slice(0, length))
}

/** The key under a multihash that may have been truncated to `length` bytes. */
function keyOf (digest: MultihashDigest, length: number): WantKey {
  if (digest.size === length) {
    return multihashKey(digest.bytes)
  }
  if (length < MIN_DIGEST || length > digest.size || length >= ONE_BYTE || digest.size >= ONE_BYTE) {
    return UNVERIFIABLE
  }
  // the length is the one varint byte before the digest
  const start = digest.bytes.byteLength - digest.size
  const truncated = digest.bytes.slice(0, start + length)
  truncated[start - 1] = length
  return multihashKey(truncated)
}
