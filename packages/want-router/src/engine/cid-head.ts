/**
 * CIDs as wants and fetches keep them. The multihash is the key of the want, and the
 * head, the bytes before the multihash, is one of a few short strings. The bytes of the
 * whole CID, which take five times as much memory as a short string, are made when they
 * are first sent.
 */
import type { WantKey } from '@kitsune/bitswap-codec'

// the heads of CIDv1 with each one-byte codec: all such CIDs share these strings
const COMMON = Array.from({ length: 128 }, (_, codec) => String.fromCharCode(1, codec))

/** The bytes before the multihash of a CID, a character for each byte; none in a CIDv0. `key` is the key of that CID. */
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
