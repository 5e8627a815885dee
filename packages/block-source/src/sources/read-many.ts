import { inlineBlock, multihashKey } from '../verify.ts'
import { toError } from './attempts.ts'
import { BlockReads } from './block-reads.ts'
import { eachOf } from './each-of.ts'
import { planSpans } from './spans.ts'
import { runTasks } from './tasks.ts'
import type { PlacedWant } from './block-reads.ts'
import type { RangeReadsInit } from './range-reads.ts'
import type { BlockIndex, Located } from '../block-index.ts'
import type { GetManyResult, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

interface ReadManyContext extends RangeReadsInit {
  readonly index: BlockIndex
}

/** How many blocks are looked up and sorted by location at a time. */
const BATCH = 1_000

/** Reads many blocks, and those near each other with one read. */
export function readMany (context: ReadManyContext, cids: Iterable<CID>, options: SourceOptions): AsyncIterableIterator<GetManyResult> {
  return eachOf(readBatches(context, cids, options))
}

async function * readBatches (context: ReadManyContext, cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<readonly GetManyResult[]> {
  for (const batch of batches(cids)) {
    options.signal?.throwIfAborted()
    yield * readBatch(context, batch, options)
  }
}

async function * readBatch ({ index, ...init }: ReadManyContext, cids: readonly CID[], options: SourceOptions): AsyncGenerator<readonly GetManyResult[]> {
  const { limits, ahead } = init
  const isWanted = options.wanted == null ? undefined : (cid: CID): boolean => options.wanted?.(cid) !== false
  const known: GetManyResult[] = []
  const byKey = new Map<string, CID[]>()

  for (const cid of cids) {
    const bytes = inlineBlock(cid)

    if (bytes == null) {
      const key = multihashKey(cid)
      const same = byKey.get(key)

      if (same == null) {
        byKey.set(key, [cid])
      } else {
        same.push(cid)
      }
    } else if (isWanted?.(cid) !== false) {
      known.push({ cid, bytes })
    }
  }

  const placed: PlacedWant[] = []
  const wants = [...byKey.values()]
  const located = await locateAll(index, wants.map(([cid]) => cid), options)

  for (const [i, cids] of wants.entries()) {
    const locations = located[i]

    if (locations instanceof Error || locations.length === 0) {
      known.push(...cids.map(cid => locations instanceof Error ? { cid, error: locations } : { cid }))
    } else {
      placed.push({ cids, locations, location: locations[0] })
    }
  }

  yield known
  const reads = new BlockReads({ ...init, isWanted })
  yield * runTasks(planSpans(placed, limits).map(span => reads.several(ahead?.extend(span) ?? span)), limits, options.signal)
}

async function locateAll (index: BlockIndex, cids: readonly CID[], options: SourceOptions): Promise<readonly Located[]> {
  try {
    return cids.length === 0 ? [] : await index.locate(cids.map(({ multihash }) => multihash.bytes), options)
  } catch (err) {
    options.signal?.throwIfAborted()

    return cids.map(() => toError(err))
  }
}

function * batches (cids: Iterable<CID>): Generator<CID[]> {
  let batch: CID[] = []

  for (const cid of cids) {
    batch.push(cid)

    if (batch.length === BATCH) {
      yield batch
      batch = []
    }
  }

  if (batch.length > 0) {
    yield batch
  }
}
