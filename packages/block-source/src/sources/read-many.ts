import { inlineBlock, multihashKey } from '../verify.ts'
import { toError } from './attempts.ts'
import { BlockReads } from './block-reads.ts'
import { planSpans } from './spans.ts'
import { runTasks } from './tasks.ts'
import type { PlacedWant } from './block-reads.ts'
import type { CarSourceLimits } from './car-source-init.ts'
import type { ReadAhead } from './read-ahead.ts'
import type { BlockIndex, Located } from '../block-index.ts'
import type { GetManyResult, SourceOptions } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Verify } from '../verify.ts'
import type { CID } from 'multiformats/cid'

interface ReadManyContext {
  readonly store: ObjectStore
  readonly index: BlockIndex
  readonly limits: CarSourceLimits
  readonly verify: Verify
  readonly ahead?: ReadAhead
}

/** How many wants are looked up, and put into an order, at a time. */
const BATCH = 1_000

/** Reads many blocks, near ones at once. */
export async function * readMany (context: ReadManyContext, cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
  for (const batch of batches(cids)) {
    options.signal?.throwIfAborted()

    // only here is each result yielded by itself: that costs several promises
    for await (const results of readBatch(context, batch, options)) {
      for (const result of results) {
        yield result
      }
    }
  }
}

async function * readBatch ({ store, index, limits, verify, ahead }: ReadManyContext, cids: readonly CID[], options: SourceOptions): AsyncGenerator<readonly GetManyResult[]> {
  const isWanted = (cid: CID): boolean => options.wanted?.(cid) !== false
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
    } else if (isWanted(cid)) {
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
  const reads = new BlockReads({ store, limits, verify, ahead, isWanted })
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
