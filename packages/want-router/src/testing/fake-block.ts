import { wantKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { AskType } from '../strategies/strategy.ts'
import type { TargetWant } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A block, and its names: its key and its CID. */
export interface FakeBlock {
  readonly key: WantKey
  /** The raw bytes of its CID, version 1. */
  readonly cid: Uint8Array
  readonly bytes: Uint8Array
}

/** A raw block with this content. */
export async function fakeBlock (content: string | Uint8Array): Promise<FakeBlock> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const { bytes: cid } = CID.createV1(raw.code, await sha256.digest(bytes))
  const key = wantKey(cid)

  if (key == null) {
    throw new Error('unreachable: the CID was made here')
  }

  return { key, cid, bytes }
}

/** Blocks, each with its own content. */
export async function fakeBlocks (count: number, name = 'block'): Promise<FakeBlock[]> {
  return Promise.all(Array.from({ length: count }, async (_, i) => fakeBlock(`${name} ${i}`)))
}

/** A want for a block, as a target gets it. */
export function fakeTargetWant ({ key, cid }: FakeBlock, type: AskType = 'block', init: Partial<TargetWant> = {}): TargetWant {
  return { key, cid, type, priority: 1, session: 'peer', ...init }
}
