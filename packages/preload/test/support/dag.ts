import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { multihashKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { VerifiedBlock } from '@kitsune/want-router'

export type TestBlock = VerifiedBlock

async function block (code: number, bytes: Uint8Array): Promise<TestBlock> {
  const multihash = await sha256.digest(bytes)

  return { key: multihashKey(multihash.bytes), cid: CID.createV1(code, multihash), bytes }
}

/** A leaf. */
export async function leaf (text: string): Promise<TestBlock> {
  return block(raw.code, new TextEncoder().encode(text))
}

/** A block of any codec. */
export async function blockOf (code: number, bytes: Uint8Array): Promise<TestBlock> {
  return block(code, bytes)
}

/** dag-pb. */
export async function node (...links: ReadonlyArray<Pick<TestBlock, 'cid'>>): Promise<TestBlock> {
  return block(dagPb.code, dagPb.encode({ Links: links.map(({ cid }, i) => ({ Name: `${i}`.padStart(8, '0'), Hash: cid })) }))
}

/** dag-cbor. */
export async function value (content: unknown): Promise<TestBlock> {
  return block(dagCbor.code, dagCbor.encode(content))
}
