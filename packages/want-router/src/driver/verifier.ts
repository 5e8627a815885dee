import { multihashKey, parsePrefix } from '@kitsune/bitswap-codec'
import { varint } from 'multiformats'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import type { HashFunction } from '../engine/verifiability.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { MultihashDigest, MultihashHasher } from 'multiformats'

/** The key of a block that cannot be verified: no want has it. */
export const UNVERIFIABLE: WantKey = ''

/**
 * Hashes a block with the hash function of its prefix and returns the key of the wants
 * that it answers; an empty key for a malformed prefix or an unknown hash function.
 * Returns a promise only if the hasher is asynchronous, as in browsers.
 */
export type Verify = (prefix: Uint8Array, bytes: Uint8Array) => WantKey | Promise<WantKey>

/** Verifies blocks, and lists the hash functions that it knows. */
export interface Verifier extends Verify {
  readonly hashes: readonly HashFunction[]
}

/** A hash function; `digest` may be asynchronous. */
export interface BlockHasher extends MultihashHasher {
  /**
   * Returns the digest as a latin1 string, synchronously. Where the platform can do that, as
   * node:crypto's `hash(name, bytes, 'binary')` does, it takes a third of the time for a block of 1
   * KiB.
   */
  latin1? (bytes: Uint8Array): string
  /** Length of a whole digest, bytes. Default: the length of an empty block's digest if that is made synchronously, otherwise 128. */
  readonly maxDigestLength?: number
}

/** The shortest and longest digests of boxo's verifcid: a digest of a few bytes fits more than one block. */
const MIN_DIGEST = 20
const MAX_DIGEST = 128
/** Lengths and codes below take one byte as a varint. */
const ONE_BYTE = 128

/**
 * Makes a verifier. The digest of a CID may be truncated, but to no fewer than 20 bytes;
 * a hash function whose output can have any length has to return the longest that will be
 * verified.
 *
 * @param hashers - besides sha2-256, sha2-512 and identity; the later of two with one code wins
 */
export function createVerifier (hashers: readonly BlockHasher[] = []): Verifier {
  const byCode = new Map<number, BlockHasher>()

  for (const hasher of [identity, sha256, sha512, ...hashers]) {
    byCode.set(hasher.code, hasher)
  }

  const verify: Verify = (prefix, bytes) => {
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

  return Object.assign(verify, { hashes: [...byCode.values()].map(hashFunction) })
}

function hashFunction (hasher: BlockHasher): HashFunction {
  const { code } = hasher

  if (code === identity.code) {
    return { code, minLength: 0, maxLength: MAX_DIGEST }
  }

  const maxLength = hasher.maxDigestLength ?? wholeLength(hasher)

  return { code, minLength: Math.min(MIN_DIGEST, maxLength), maxLength: Math.min(MAX_DIGEST, maxLength) }
}

/** These are asynchronous in browsers, where the lengths of their digests cannot be measured at once. */
const KNOWN_LENGTHS: Readonly<Record<number, number>> = { [sha256.code]: 32, [sha512.code]: 64 }

function wholeLength (hasher: BlockHasher): number {
  if (hasher.code in KNOWN_LENGTHS) {
    return KNOWN_LENGTHS[hasher.code]
  }

  const digest = hasher.encode(new Uint8Array())

  if (digest instanceof Promise) {
    // the length is not known yet: a CID that needs a longer digest will not be verified
    digest.catch(() => {})

    return MAX_DIGEST
  }

  return digest.byteLength
}

/** The key with this digest, truncated to `length` bytes. */
function keyOfString (code: number, digest: string, length: number): WantKey {
  if (length < MIN_DIGEST || length > digest.length || length >= ONE_BYTE || code >= ONE_BYTE) {
    return UNVERIFIABLE
  }

  return String.fromCharCode(code, length) + (length === digest.length ? digest : digest.slice(0, length))
}

/** The key with this multihash, truncated to `length` bytes. */
function keyOf (digest: MultihashDigest, length: number): WantKey {
  if (digest.size === length) {
    return multihashKey(digest.bytes)
  }

  if (length < MIN_DIGEST || length > digest.size) {
    return UNVERIFIABLE
  }

  const { code } = digest
  const start = varint.encodingLength(code) + varint.encodingLength(length)
  const truncated = new Uint8Array(start + length)
  varint.encodeTo(code, truncated)
  varint.encodeTo(length, truncated, varint.encodingLength(code))
  truncated.set(digest.digest.subarray(0, length), start)

  return multihashKey(truncated)
}
