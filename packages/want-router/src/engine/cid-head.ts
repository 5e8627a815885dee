/**
 * CIDs as they are kept while wants wait. The multihash is the key of the want, and what
 * stands before it is one of a few short strings: the bytes, which take five times as
 * much memory as all of a short string, are made when they are first said.
 */
import type { WantKey } from '@kitsune/bitswap-codec'

// CIDv1 with each codec of one byte: one string for all such CIDs
const COMMON = Array.from({ length: 128 }, (_, codec) => String.fromCharCode(1, codec))

/** What stands before the multihash of a CID, a character for each byte; nothing in a CIDv0. `key` is that of the CID. */
export function headOf (cid: Uint8Array, key: WantKey): string {
  const length = cid.byteLength - key.length

  if (length === 0) {
    return ''
  }

  const common = length === 2 && cid[0] === 1 ? COMMON[cid[1]] : undefined

  return common ?? String.fromCharCode(...cid.subarray(0, length))
}

/** The bytes of a CID, in a new array. */
export function cidOf (head: string, key: WantKey): Uint8Array {
  const before = head.length
  const cid = new Uint8Array(before + key.length)

  for (let i = 0; i < before; i++) {
    cid[i] = head.charCodeAt(i)
  }

  for (let i = 0; i < key.length; i++) {
    cid[before + i] = key.charCodeAt(i)
  }

  return cid
}
