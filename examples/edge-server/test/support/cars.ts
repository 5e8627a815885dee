import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'

export interface TestBlock { readonly cid: CID, readonly bytes: Uint8Array }

export async function blockOf (text: string): Promise<TestBlock> {
  const bytes = new TextEncoder().encode(text)

  return { bytes, cid: CID.createV1(raw.code, await sha256.digest(bytes)) }
}

/** {version: 1, roots: []} in CBOR. */
const HEADER = Uint8Array.from([0x11, 0xa2, 0x65, 0x72, 0x6f, 0x6f, 0x74, 0x73, 0x80, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x01])

/** A CARv1 without roots, of blocks below 64 bytes. */
export function carOf (blocks: readonly TestBlock[]): Uint8Array {
  return Uint8Array.from([...HEADER, ...blocks.flatMap(({ cid, bytes }) => [cid.bytes.length + bytes.length, ...cid.bytes, ...bytes])])
}
