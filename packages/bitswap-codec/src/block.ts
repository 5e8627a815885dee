import { CID } from 'multiformats/cid'
import { copy, view } from './bytes.ts'
import { DAG_PB, IDENTITY, SHA2_256, SHA2_256_LENGTH, digestStart, multihashStart, readUvarint } from './cid-bytes.ts'
import { InvalidCIDError, InvalidPrefixError } from './errors.ts'

/**
 * What a block's prefix says
 */
export interface PrefixInfo {
  version: 0 | 1

  /**
   * Multicodec code of the block's encoding; that of dag-pb in version 0
   */
  codec: number

  /**
   * Multicodec code of the hash function, known here or not
   */
  hashCode: number

  /**
   * How many bytes of digest the CID has, which may be fewer than the hash function
   * makes
   */
  hashLength: number
}

/**
 * The prefix of a CIDv0, shared: do not write to it
 */
export const CID_V0_PREFIX = Uint8Array.of(0, DAG_PB, SHA2_256, SHA2_256_LENGTH)

/**
 * The prefix that the block of a CID travels with, from the CID's raw bytes. Throws
 * `InvalidCIDError` if they are not a well-formed CID.
 */
export function cidPrefix (cid: Uint8Array): Uint8Array {
  const start = multihashStart(cid, 0, cid.length)

  if (start === -1) {
    throw new InvalidCIDError(`These ${cid.length} bytes are not a CID, so there is no prefix for its block`)
  }

  // a prefix is a CIDv1 up to its digest
  return start === 0 ? CID_V0_PREFIX : copy(cid, 0, digestStart(cid, start, cid.length))
}

/**
 * Reads a prefix; throws `InvalidPrefixError` if it is not one. Like boxo it does not
 * mind bytes after the fourth varint, and takes any codec with version 0.
 */
export function parsePrefix (prefix: Uint8Array): PrefixInfo {
  const info = readPrefix(prefix)

  if (info == null) {
    throw new InvalidPrefixError(`The ${prefix.length} bytes are not the prefix of a block: expected CID version 0 or 1, codec, hash code and hash length as varints, and in version 0 sha2-256 with 32 bytes`)
  }

  return info
}

export function isPrefix (prefix: Uint8Array): boolean {
  // nearly every block on the network
  if (prefix.length === 4 && prefix[0] === 1 && prefix[1] < 0x80 && prefix[2] === SHA2_256 && prefix[3] === SHA2_256_LENGTH) {
    return true
  }

  return readPrefix(prefix) != null
}

function readPrefix (prefix: Uint8Array): PrefixInfo | undefined {
  const version = prefix[0]

  if (version !== 0 && version !== 1) {
    return
  }

  // each result is overwritten by the next call
  let read = readUvarint(prefix, 1, prefix.length)
  const codec = read.value

  if (read.next === -1) {
    return
  }

  read = readUvarint(prefix, read.next, prefix.length)
  const hashCode = read.value

  if (read.next === -1) {
    return
  }

  read = readUvarint(prefix, read.next, prefix.length)
  const hashLength = read.value

  if (read.next === -1) {
    return
  }

  if (version === 0) {
    return hashCode === SHA2_256 && hashLength === SHA2_256_LENGTH ? { version, codec: DAG_PB, hashCode, hashLength } : undefined
  }

  return { version, codec, hashCode, hashLength }
}

/**
 * The raw bytes of the CID of a block that came with this prefix, given the digest of
 * its bytes by the hash function that the prefix names.
 *
 * A digest that is longer than the prefix says is truncated. With the identity
 * function the digest is the block, whole, whatever length the prefix says, as in
 * boxo. Throws `InvalidPrefixError` if the prefix is malformed or the digest shorter
 * than it says.
 */
export function prefixCid (prefix: Uint8Array, digest: Uint8Array): Uint8Array {
  const { version, codec, hashCode, hashLength } = parsePrefix(prefix)
  const length = hashCode === IDENTITY ? digest.length : hashLength

  if (digest.length < length) {
    throw new InvalidPrefixError(`The prefix of a block asks for a digest of ${length} bytes, its hash function (0x${hashCode.toString(16)}) made ${digest.length}`)
  }

  const cid: number[] = []

  if (version === 1) {
    pushUvarint(cid, 1)
    pushUvarint(cid, codec)
  }

  pushUvarint(cid, hashCode)
  pushUvarint(cid, length)

  const bytes = new Uint8Array(cid.length + length)
  bytes.set(cid)
  bytes.set(digest.length === length ? digest : digest.subarray(0, length), cid.length)

  return bytes
}

function pushUvarint (bytes: number[], value: number): void {
  while (value > 0x7f) {
    bytes.push((value % 128) | 0x80)
    value = Math.floor(value / 128)
  }

  bytes.push(value)
}

/**
 * Whether a CID holds its block itself; `false` also if it is malformed
 */
export function isIdentity (cid: Uint8Array): boolean {
  const start = multihashStart(cid, 0, cid.length)

  return start !== -1 && cid[start] === IDENTITY
}

/**
 * The block that an identity CID holds, as a view of it; `undefined` for any other CID
 */
export function identityData (cid: Uint8Array): Uint8Array | undefined {
  const start = multihashStart(cid, 0, cid.length)

  if (start === -1 || cid[start] !== IDENTITY) {
    return
  }

  return view(cid, digestStart(cid, start, cid.length), cid.length)
}

/**
 * The CID as multiformats has it, with bytes of its own; `undefined` if the bytes are
 * not a well-formed CID. Costs ten or twenty times a want key, so it is for the few
 * places that need it.
 */
export function decodeCid (bytes: Uint8Array): CID | undefined {
  if (multihashStart(bytes, 0, bytes.length) === -1) {
    return
  }

  return CID.decode(copy(bytes, 0, bytes.length))
}
