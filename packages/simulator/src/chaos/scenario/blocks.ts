import { keyMultihash, prefixCid, wantKey } from '@kitsune/bitswap-codec'
import { contentBlockKey, contentCid, keyOf } from '../../world/content.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { HashFunction } from '@kitsune/want-router/engine'

const DAG_PB = 0x70
const SHA2_256 = 0x12
const KECCAK_256 = 0x1b

/** The hash functions that can be verified: keccak-256 is not among them. */
export const HASHES: readonly HashFunction[] = [{ code: 0, minLength: 0, maxLength: 128 }, { code: SHA2_256, minLength: 20, maxLength: 32 }]

/** A block of a run, under each of the CIDs that clients use for it. */
export interface Block {
  readonly n: number
  readonly key: WantKey
  /** Bytes; 0 for an empty file. */
  readonly size: number
  /** Raw CIDv1, then dag-pb CIDv1 and, where it can be, CIDv0. */
  readonly cids: readonly Uint8Array[]
  /** Whether the hash function of its CID is known. */
  readonly verifiable: boolean
}

/** Makes block `n` of `size` bytes. If it is not verifiable, its hash function is one that no verifier knows. */
export function block (n: number, size: number, verifiable = true): Block {
  const raw = contentCid(n)

  if (!verifiable) {
    raw[2] = KECCAK_256
  }

  const pb = raw.slice()
  pb[1] = DAG_PB

  return { n, key: keyOf(raw), size, cids: verifiable ? [raw, pb, raw.slice(2)] : [raw, pb], verifiable }
}

/** Whether a block could be verified against a key. */
export function isVerifiable (key: WantKey): boolean {
  return key.charCodeAt(0) !== KECCAK_256
}

/** A CID that contains its block. */
export function identityCid (data: readonly number[]): Uint8Array {
  return Uint8Array.of(1, 0x55, 0, data.length, ...data)
}

/** A CID, or any bytes, as a map's key. */
export function cidText (cid: Uint8Array): string {
  let text = ''

  for (let i = 0; i < cid.length; i++) {
    text += String.fromCharCode(cid[i])
  }

  return text
}

/** The CID that a received block stands for. */
export function receivedCid (prefix: Uint8Array, data: Uint8Array): Uint8Array {
  const key = contentBlockKey(data)

  return prefixCid(prefix, key == null ? data : keyMultihash(key).subarray(2))
}

/** Which block a key names, for people. */
export function printKey (key: WantKey): string {
  return `#${[...key.slice(-4)].reduce((n, char) => n * 256 + char.charCodeAt(0), 0)}${key.charCodeAt(0) === KECCAK_256 ? ' keccak' : ''}`
}

/** Which block it is and by which kind of CID, for people. */
export function printCid (cid: Uint8Array): string {
  const key = wantKey(cid)

  if (key == null) {
    return `bad CID of ${cid.byteLength} bytes`
  }

  if (key.charCodeAt(0) === 0) {
    return 'identity'
  }

  const kind = cid[1] === DAG_PB ? ' dag-pb' : ''

  return `${printKey(key)}${cid[0] === 1 ? kind : ' v0'}`
}
