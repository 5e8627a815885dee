import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { seededBuffer } from './dag.ts'
import type { MultihashHasher } from 'multiformats/hashes/interface'

/** A block of a test: the CID that it is asked by, and its bytes. */
export interface TestBlock {
  cid: CID
  bytes: Uint8Array
}

/** How the CID of a block is made. */
export interface BlockInit {
  /** The CID's codec; default: raw. */
  codec?: number
  /** Default: sha2-256. */
  hasher?: MultihashHasher
}

/** Hash functions for blocks of tests. */
export const hashers = { sha256, sha512, identity }

/** Makes a block of the bytes, with a CIDv1. */
export async function blockOf (bytes: Uint8Array, init: BlockInit = {}): Promise<TestBlock> {
  const digest = await (init.hasher ?? sha256).digest(bytes)

  return { cid: CID.createV1(init.codec ?? raw.code, digest), bytes }
}

/** `count` distinct raw blocks of `size` bytes each; the same arguments give the same blocks. */
export async function seededBlocks (count: number, size: number, seed: string): Promise<TestBlock[]> {
  const bytes = seededBuffer(count * size, `${seed}/${count}/${size}`)

  return Promise.all(Array.from({ length: count }, async (_, i) => blockOf(bytes.slice(i * size, (i + 1) * size))))
}

/** One such block. */
export async function seededBlock (size: number, seed: string): Promise<TestBlock> {
  return blockOf(seededBuffer(size, seed))
}
