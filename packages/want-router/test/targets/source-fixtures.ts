import { source } from '../../src/targets/source-target.ts'
import { fakeBlock, fakeContext, recordingSink, settled } from './fixtures.ts'
import type { RecordingSink } from './fixtures.ts'
import type { SourceLike } from '../../src/targets/source-like.ts'
import type { SourceInit } from '../../src/targets/source-target.ts'
import type { Target } from '../../src/targets/target.ts'
import type { CID } from 'multiformats/cid'

/** A block for each letter. */
export const blocks = await Promise.all([...'abcdefghijklmnopqrstuvwxyz'].map(async name => fakeBlock(name)))

export function bytesOf (cid: CID): Uint8Array | undefined {
  return blocks.find(block => block.cid.equals(cid))?.bytes
}

export function nameOf (cid: CID): string {
  return blocks.find(block => block.cid.equals(cid))?.name ?? '?'
}

/** A target over the source that has started, and what it has reported since. */
export async function started (from: SourceLike, init: Partial<SourceInit> = {}): Promise<{ target: Target, sink: RecordingSink }> {
  const target = source(from, { id: 'store', ...init }).create(fakeContext())
  const sink = recordingSink(key => blocks.find(block => block.key === key)?.name ?? '?')
  await target.start(sink)
  await settled()
  sink.events.length = 0

  return { target, sink }
}
