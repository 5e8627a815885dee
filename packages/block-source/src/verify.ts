import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { HashMismatchError, UnknownHashError } from './errors.ts'
import type { MultihashHasher } from 'multiformats'
import type { CID } from 'multiformats/cid'

/** How blocks are verified. */
export interface VerifyInit {
  /** Hash functions besides sha2-256, sha2-512 and identity, e.g. of `@multiformats/blake2`. The later of two with one code wins. */
  readonly hashers?: readonly MultihashHasher[]
}

/**
 * Returns if the bytes hash to the CID. A promise only if the hash function is
 * asynchronous, as in browsers.
 *
 * @throws {HashMismatchError} if they do not
 * @throws {UnknownHashError} if its hash function is none of those given
 */
export type Verify = (cid: CID, bytes: Uint8Array) => void | Promise<void>

/** The shortest digest that kubo accepts: one that is cut to a few bytes fits more than one block. */
const MIN_DIGEST = 20

/** Hashes with one call, in half of the time that a hash object takes, and half of that again if it returns a string, which needs no buffer. Only Node.js has it. */
const hash: typeof import('node:crypto').hash | undefined = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash

/** Creates a function that verifies blocks, with `hashers` in addition to identity, sha2-256 and sha2-512. */
export function createVerify ({ hashers = [] }: VerifyInit = {}): Verify {
  const byCode = new Map<number, MultihashHasher>([identity, sha256, sha512, ...hashers].map(hasher => [hasher.code, hasher]))

  return (cid, bytes) => {
    const { code } = cid.multihash
    const hasher = byCode.get(code)

    if (hasher == null) {
      throw new UnknownHashError(`${cid} has hash function 0x${code.toString(16)}, which is unknown: give it as one of "hashers"`)
    }

    if (hasher === sha256 && hash != null) {
      const digest = hash('sha256', bytes, 'binary')
      check(cid, bytes, digest.length, i => digest.charCodeAt(i))

      return
    }

    const made = hasher.digest(bytes)

    if (made instanceof Promise) {
      return made.then(({ digest }) => { check(cid, bytes, digest.byteLength, i => digest[i]) })
    }

    const { digest } = made
    check(cid, bytes, digest.byteLength, i => digest[i])
  }
}

/** Compares the digest in the CID with the one that was computed, whose bytes `made` returns. */
function check (cid: CID, bytes: Uint8Array, length: number, made: (i: number) => number): void {
  const { code, digest: expected } = cid.multihash
  const { byteLength } = expected
  // a digest may be truncated, except where it is the block itself
  let same = byteLength === length || (byteLength >= MIN_DIGEST && byteLength < length && code !== identity.code)

  for (let i = 0; same && i < byteLength; i++) {
    same = expected[i] === made(i)
  }

  if (!same) {
    throw new HashMismatchError(`the ${bytes.byteLength} bytes that were found for ${cid} do not hash to it`)
  }
}

/** The block of an identity CID, which contains it; undefined for any other CID. */
export function inlineBlock (cid: CID): Uint8Array | undefined {
  return cid.multihash.code === identity.code ? cid.multihash.digest : undefined
}

/** The most arguments of a call: they are on the stack, which a long identity CID would overflow. */
const MAX_ARGUMENTS = 1024

/** The multihash of a CID as a string, one character for each byte: all CIDs of one block have the same. */
export function multihashKey (cid: CID): string {
  const { bytes } = cid.multihash
  // `apply` accepts an array of bytes, and takes a third of the time that spreading it takes
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
