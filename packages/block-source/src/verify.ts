import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { HashMismatchError, UnknownHashError } from './errors.ts'
import type { MultihashHasher } from 'multiformats'
import type { CID } from 'multiformats/cid'

export interface VerifyInit {
  /** Hash functions besides sha2-256, sha2-512 and identity, e.g. of `@multiformats/blake2`. The later of two with one code wins. */
  readonly hashers?: readonly MultihashHasher[]
}

/**
 * Resolves if the bytes hash to the CID.
 *
 * @throws {HashMismatchError} if they do not
 * @throws {UnknownHashError} if its hash function is none of those given
 */
export type Verify = (cid: CID, bytes: Uint8Array) => Promise<void>

/** kubo's least: a digest cut to a few bytes fits more than one block. */
const MIN_DIGEST = 20

export function createVerify ({ hashers = [] }: VerifyInit = {}): Verify {
  const byCode = new Map<number, MultihashHasher>([identity, sha256, sha512, ...hashers].map(hasher => [hasher.code, hasher]))

  return async (cid, bytes) => {
    const { code, digest: expected } = cid.multihash
    const hasher = byCode.get(code)

    if (hasher == null) {
      throw new UnknownHashError(`${cid} has hash function 0x${code.toString(16)}, which is unknown: give it as one of "hashers"`)
    }
    const { digest } = await hasher.digest(bytes)
    // a digest may have been cut, as a hash function of its own would not have it
    const long = expected.byteLength === digest.byteLength || (expected.byteLength >= MIN_DIGEST && expected.byteLength < digest.byteLength && code !== identity.code)

    if (!long || expected.some((byte, i) => byte !== digest[i])) {
      throw new HashMismatchError(`the ${bytes.byteLength} bytes that were found for ${cid} do not hash to it`)
    }
  }
}

/** The bytes of an identity CID, which holds its block: it need not be looked for. */
export function inlineBlock (cid: CID): Uint8Array | undefined {
  return cid.multihash.code === identity.code ? cid.multihash.digest : undefined
}

/** How many arguments a call may have: they lie on the stack, which an identity CID could overflow. */
const MAX_ARGUMENTS = 1024

/** A multihash as a string, one character for each byte: CIDs of one block have the same. */
export function multihashKey (cid: CID): string {
  const { bytes } = cid.multihash
  // an array of bytes is fine for `apply`, and a third of the time that spreading it takes
  const text = (part: Uint8Array): string => String.fromCharCode.apply(null, part as unknown as number[])

  if (bytes.byteLength <= MAX_ARGUMENTS) {
    return text(bytes)
  }

  let key = ''

  for (let at = 0; at < bytes.byteLength; at += MAX_ARGUMENTS) {
    key += text(bytes.subarray(at, at + MAX_ARGUMENTS))
  }

  return key
}
