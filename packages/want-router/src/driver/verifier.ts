import { multihashKey, parsePrefix } from '@kitsune/bitswap-codec'
import { varint } from 'multiformats'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import type { HashFunction } from '../engine/verifiability.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { MultihashDigest, MultihashHasher } from 'multiformats'

/** A block that cannot be verified has the key that no want has. */
export const UNVERIFIABLE: WantKey = ''

/**
 * Hashes a block as its prefix says and returns the key of the wants that it
 * answers; an empty key for a malformed prefix or an unknown hash
 * function. A promise only where the hasher is asynchronous, as in browsers.
 */
export type Verify = (prefix: Uint8Array, bytes: Uint8Array) => WantKey | Promise<WantKey>

/** Verifies blocks, and says which hash functions it can. */
export interface Verifier extends Verify {
  readonly hashes: readonly HashFunction[]
}

/** A hash function; `digest` may be asynchronous. */
export interface BlockHasher extends MultihashHasher {
  /**
   * The digest as a latin1 string, synchronously: a third of the time for a block of 1 KiB where the
   * platform can make one, as node:crypto's `hash(name, bytes, 'binary')` does.
   */
  latin1? (bytes: Uint8Array): string
  /** Length of a whole digest, bytes. Default: that of the digest of nothing if it is made synchronously, else 128. */
  readonly maxDigestLength?: number
}

/** The shortest and longest digests of boxo's verifcid: one of a few bytes fits more than one block. */
const MIN_DIGEST = 20
const MAX_DIGEST = 128
/** Lengths and codes below take one byte as a varint. */
const ONE_BYTE = 128

/**
 * A CID may have fewer bytes of digest than its hash function makes, but no fewer
 * than 20 unless that is all; a hash function whose output can be of any
 * length makes the longest that is to be verified.
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

/** Asynchronous in browsers, so that their digests cannot be measured at once. */
const KNOWN_LENGTHS: Readonly<Record<number, number>> = { [sha256.code]: 32, [sha512.code]: 64 }

function wholeLength (hasher: BlockHasher): number {
  if (hasher.code in KNOWN_LENGTHS) {
    return KNOWN_LENGTHS[hasher.code]
  }

  const digest = hasher.encode(new Uint8Array())

  if (digest instanceof Promise) {
    // how long it will be is not known yet: one that is too short will not verify
    digest.catch(() => {})

    return MAX_DIGEST
  }

  return digest.byteLength
}

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
