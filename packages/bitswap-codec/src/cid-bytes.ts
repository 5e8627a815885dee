import { MAX_CID_LENGTH } from './limits.ts'

/**
 * The parts of a CID, as positions in the bytes that hold it. This module only checks
 * the layout, so it accepts every codec and every hash function.
 */

/** The multicodec of sha2-256, and the first byte of a CIDv0. */
export const SHA2_256 = 0x12
/** Bytes of a sha2-256 digest, and the second byte of a CIDv0. */
export const SHA2_256_LENGTH = 32
/** The multicodec of dag-pb, which every CIDv0 has. */
export const DAG_PB = 0x70
/** The multicodec of the identity hash, whose digest is the block. */
export const IDENTITY = 0x00

const V0_LENGTH = 34
const MAX_VARINT_LENGTH = 8

interface Varint {
  value: number

  /**
   * The position after the varint, or -1 if it is cut off, not minimal, or greater than
   * 2^53 - 1, which is far above any code in the multicodec table
   */
  next: number
}

// every call overwrites this one result, so that reading varints does not allocate
const varint: Varint = { value: 0, next: 0 }

/** Reads the varint at `start`, which must end before `end`. The next call overwrites the result. */
export function readUvarint (bytes: Uint8Array, start: number, end: number): Varint {
  let value = 0
  let factor = 1

  varint.next = -1

  for (let pos = start; pos < end && pos < start + MAX_VARINT_LENGTH; pos++) {
    const byte = bytes[pos]
    value += (byte & 0x7f) * factor
    factor *= 128

    if (byte < 0x80) {
      if ((byte !== 0 || pos === start) && value <= Number.MAX_SAFE_INTEGER) {
        varint.value = value
        varint.next = pos + 1
      }

      break
    }
  }

  return varint
}

/**
 * Where the multihash of a CID begins, or -1 if the bytes from start to end are
 * not exactly one well-formed CID of at most 168 bytes
 */
export function multihashStart (bytes: Uint8Array, start: number, end: number): number {
  const length = end - start

  // nearly every CID on the network is one of these two
  if (length === 36 && bytes[start] === 1 && bytes[start + 1] < 0x80 && bytes[start + 2] === SHA2_256 && bytes[start + 3] === SHA2_256_LENGTH) {
    return start + 2
  }

  if (length >= 2 && bytes[start] === SHA2_256 && bytes[start + 1] === SHA2_256_LENGTH) {
    return length === V0_LENGTH ? start : -1
  }

  if (length > MAX_CID_LENGTH || length < 4 || bytes[start] !== 1) {
    return -1
  }

  const multihash = readUvarint(bytes, start + 1, end).next

  return multihash !== -1 && isMultihash(bytes, multihash, end) ? multihash : -1
}

function isMultihash (bytes: Uint8Array, start: number, end: number): boolean {
  const digest = digestStart(bytes, start, end)

  return digest !== -1 && varint.value === end - digest
}

/**
 * Where the digest of a multihash begins, or -1; the caller checks the digest's length
 */
export function digestStart (bytes: Uint8Array, start: number, end: number): number {
  const length = readUvarint(bytes, start, end).next

  return length === -1 ? -1 : readUvarint(bytes, length, end).next
}
