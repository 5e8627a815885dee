import type { WantKey } from '@kitsune/bitswap-codec'

/** A hash function that blocks can be verified by. */
export interface HashFunction {
  /** Multicodec code. */
  readonly code: number
  /** Shortest and longest digest of a CID that can be verified, bytes. */
  readonly minLength: number
  readonly maxLength: number
}

/**
 * Makes a function that returns whether a block could be verified against a key. No
 * member is asked for a block that cannot be verified.
 *
 * @param hashes - default: every key counts as verifiable
 */
export function verifiableBy (hashes: readonly HashFunction[] | undefined): (key: WantKey) => boolean {
  if (hashes == null) {
    return () => true
  }

  const byCode = new Map(hashes.map(hash => [hash.code, hash]))

  return key => {
    const code = readVarint(key, 0)
    const length = readVarint(key, code.next)
    const hash = byCode.get(code.value)

    return hash != null && length.value >= hash.minLength && length.value <= hash.maxLength
  }
}

/** Reads a varint of a key, which has a character for each byte. Keys are well formed. */
function readVarint (key: WantKey, start: number): { value: number, next: number } {
  let value = 0
  let next = start

  for (let factor = 1; ; factor *= 128) {
    const byte = key.charCodeAt(next++)
    value += (byte & 0x7f) * factor

    if (!(byte >= 0x80)) {
      return { value, next }
    }
  }
}
