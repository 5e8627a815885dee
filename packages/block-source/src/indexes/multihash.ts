import { readVarint, varintLength } from '../car/varint.ts'

/** A multihash in its parts. */
export interface Multihash {
  readonly code: number
  /** A view of the multihash. */
  readonly digest: Uint8Array
}

/** Splits a multihash into its parts; undefined if it is malformed. */
export function parseMultihash (multihash: Uint8Array): Multihash | undefined {
  const code = readVarint(multihash, 0)

  if (code < 0) {
    return undefined
  }

  const lengthAt = varintLength(code)
  const length = readVarint(multihash, lengthAt)

  if (length < 0 || lengthAt + varintLength(length) + length !== multihash.length) {
    return undefined
  }

  return { code, digest: multihash.subarray(multihash.length - length) }
}
