import { keyMultihash, prefixCid, wantKey } from '@kitsune/bitswap-codec'
import { contentBlockKey, contentCid, contentKey } from '../world/content.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

const DAG_PB = 0x70

/** A block of a history, under each of the CIDs that peers use for it. */
export interface Block {
  readonly n: number
  readonly key: WantKey
  readonly size: number
  /** Raw CIDv1, CIDv0, dag-pb CIDv1. */
  readonly cids: readonly Uint8Array[]
}

export function block (n: number, size: number): Block {
  const raw = contentCid(n)
  const pb = raw.slice()
  pb[1] = DAG_PB
  return { n, key: contentKey(n), size, cids: [raw, raw.slice(2), pb] }
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

/** For people: which block a key names. */
export function printKey (key: WantKey): string {
  return `#${[...key.slice(-4)].reduce((n, char) => n * 256 + char.charCodeAt(0), 0)}`
}

/** For people: which block, and in which words. */
export function printCid (cid: Uint8Array): string {
  const key = wantKey(cid)
  if (key == null) {
    return `bad CID of ${cid.byteLength} bytes`
  }
  if (key.charCodeAt(0) === 0) {
    return 'identity'
  }
  const words = cid[1] === DAG_PB ? ' dag-pb' : ''
  return `${printKey(key)}${cid[0] === 1 ? words : ' v0'}`
}
