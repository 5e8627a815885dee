import { CID } from 'multiformats/cid'
import { copy, view } from './bytes.ts'
import { DAG_PB, IDENTITY, SHA2_256, SHA2_256_LENGTH, digestStart, multihashStart, readUvarint } from './cid-bytes.ts'
import { InvalidCIDError, InvalidPrefixError } from './errors.ts'

/**
 * The content of a block's prefix
 */
export interface PrefixInfo {
  version: 0 | 1

  /**
   * Multicodec code of the block's encoding; always dag-pb in version 0
   */
  codec: number

  /**
   * Multicodec code of the hash function, which may be one that the codec does not know
   */
  hashCode: number

  /**
   * Length of the digest in the CID, bytes; it may be shorter than the output of the
   * hash function
   */
  hashLength: number
}

/**
 * The prefix of a CIDv0. It is shared: do not write to it.
 */
export const CID_V0_PREFIX = Uint8Array.of(0, DAG_PB, SHA2_256, SHA2_256_LENGTH)

// the prefixes of CIDv1 with sha2-256, by codec: nearly every block on the network has one of them
const COMMON_PREFIXES: Array<Uint8Array | undefined> = new Array(0x80)

/**
 * Returns the prefix that is sent with the block of a CID, given the CID's raw bytes.
 * Blocks share it: do not write to it. Throws `InvalidCIDError` if they are not a
 * well-formed CID.
 */
export function cidPrefix (cid: Uint8Array): Uint8Array {
  if (cid.length === 36 && cid[0] === 1 && cid[1] < 0x80 && cid[2] === SHA2_256 && cid[3] === SHA2_256_LENGTH) {
    const prefix = COMMON_PREFIXES[cid[1]] ?? copy(cid, 0, 4)
    COMMON_PREFIXES[cid[1]] = prefix

    return prefix
  }

  const start = multihashStart(cid, 0, cid.length)

  if (start === -1) {
    throw new InvalidCIDError(`These ${cid.length} bytes are not a CID, so its block has no prefix`)
  }

  // a prefix is a CIDv1 without its digest
  return start === 0 ? CID_V0_PREFIX : copy(cid, 0, digestStart(cid, start, cid.length))
}

/**
 * Reads a prefix; throws `InvalidPrefixError` if it is malformed. Like boxo, it ignores
 * bytes after the fourth varint and accepts any codec in version 0.
 */
export function parsePrefix (prefix: Uint8Array): PrefixInfo {
  const info = readPrefix(prefix)

  if (info == null) {
    throw new InvalidPrefixError(`The ${prefix.length} bytes are not the prefix of a block: expected CID version 0 or 1, codec, hash code and hash length as varints, and in version 0 sha2-256 with 32 bytes`)
  }

  return info
}

/** Whether these bytes are the prefix of a CID: version, codec, hash function and length of the digest, and nothing after them. */
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

  // each call overwrites the result of the last one
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
 * Returns the raw bytes of a block's CID, given the block's prefix and the digest of its
 * bytes by the hash function that the prefix names.
 *
 * A digest that is longer than the prefix says is truncated. With the identity function
 * the digest is the whole block and the length in the prefix is ignored, as in boxo.
 * Throws `InvalidPrefixError` if the prefix is malformed or if the digest is shorter
 * than the prefix says.
 */
export function prefixCid (prefix: Uint8Array, digest: Uint8Array): Uint8Array {
  const { version, codec, hashCode, hashLength } = parsePrefix(prefix)
  const length = hashCode === IDENTITY ? digest.length : hashLength

  if (digest.length < length) {
    throw new InvalidPrefixError(`The prefix of a block asks for a digest of ${length} bytes, but its hash function (0x${hashCode.toString(16)}) returned ${digest.length}`)
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
 * Whether a CID contains its block (identity hash); `false` if it is malformed
 */
export function isIdentity (cid: Uint8Array): boolean {
  const start = multihashStart(cid, 0, cid.length)

  return start !== -1 && cid[start] === IDENTITY
}

/**
 * The block that an identity CID contains, as a view of the CID; `undefined` for any
 * other CID
 */
export function identityData (cid: Uint8Array): Uint8Array | undefined {
  const start = multihashStart(cid, 0, cid.length)

  if (start === -1 || cid[start] !== IDENTITY) {
    return
  }

  return view(cid, digestStart(cid, start, cid.length), cid.length)
}

/**
 * Decodes a CID to a `CID` of multiformats with its own copy of the bytes; `undefined`
 * if the bytes are not a well-formed CID. It costs ten to twenty times as much as a want
 * key, so use it only where you need a `CID`.
 */
export function decodeCid (bytes: Uint8Array): CID | undefined {
  if (multihashStart(bytes, 0, bytes.length) === -1) {
    return
  }

  return CID.decode(copy(bytes, 0, bytes.length))
}
