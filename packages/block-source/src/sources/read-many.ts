import { OutOfRangeError, ObjectChangedError, ObjectMissingError, ObjectTooLargeError, TruncatedError } from '../errors.ts'
import { inlineBlock, multihashKey } from '../verify.ts'
import { attemptAll, toError } from './attempts.ts'
import { findBlock, present, readLocation } from './read-location.ts'
import { planSpans } from './spans.ts'
import { runTasks } from './tasks.ts'
import type { CarSourceLimits } from './car-source.ts'
import type { Span } from './spans.ts'
import type { Outcome, Task } from './tasks.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { GetManyResult, SourceOptions } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Verify } from '../verify.ts'
import type { CID } from 'multiformats/cid'

export interface ReadManyContext {
  readonly store: ObjectStore
  readonly index: BlockIndex
  readonly limits: CarSourceLimits
  readonly verify: Verify
}

/** A block that is wanted once or several times. */
interface Wanted {
  /** As it was asked for, each time. */
  readonly cids: CID[]
  readonly locations: readonly Location[]
}

interface PlacedWant extends Wanted {
  readonly location: Location
}

/** How many wants are looked up, and put into an order, at a time. */
const BATCH = 1_000
/** Failures of a range that one of its blocks alone may be the cause of. */
const MAY_BE_ONE = [OutOfRangeError, ObjectTooLargeError, TruncatedError]

/** Reads many blocks, near ones at once. */
export async function * readMany (context: ReadManyContext, cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
  for (const batch of batches(cids)) {
    options.signal?.throwIfAborted()
    yield * readBatch(context, batch, options)
  }
}

async function * readBatch ({ store, index, limits, verify }: ReadManyContext, cids: readonly CID[], options: SourceOptions): AsyncGenerator<GetManyResult> {
  const isWanted = (cid: CID): boolean => options.wanted?.(cid) !== false
  const byKey = new Map<string, CID[]>()

  for (const cid of cids) {
    const bytes = inlineBlock(cid)
    if (bytes == null) {
      const key = multihashKey(cid)
      byKey.set(key, [...byKey.get(key) ?? [], cid])
    } else if (isWanted(cid)) {
      yield { cid, bytes }
    }
  }

  const placed: PlacedWant[] = []
  const located = await locateAll(index, [...byKey.values()].map(([cid]) => cid), options)

  for (const [i, cids] of [...byKey.values()].entries()) {
    const locations = located[i]
    if (locations instanceof Error || locations.length === 0) {
      yield * cids.map(cid => locations instanceof Error ? { cid, error: locations } : { cid })
    } else {
      placed.push({ cids, locations, location: locations[0] })
    }
  }

  /** One block, from the places that were not tried yet. */
  function single ({ cids, locations }: Wanted, failures: Error[]): Task<GetManyResult> {
    return {
      size: locations[0]?.length ?? locations[0]?.limit ?? limits.sectionGuess,
      async run (signal) {
        if (!cids.some(isWanted)) {
          return { results: [], more: [] }
        }
        const [cid] = cids
        try {
          const bytes = await attemptAll(cid, locations, signal, async location => {
            const bytes = await readLocation(store, cid, location, limits, signal)
            await verify(cid, bytes)
            return bytes
          }, failures)
          return { results: resultsOf(cids, { bytes }), more: [] }
        } catch (err) {
          signal.throwIfAborted()
          return { results: resultsOf(cids, { error: toError(err) }), more: [] }
        }
      }
    }
  }

  function resultsOf (cids: readonly CID[], result: { bytes?: Uint8Array, error?: Error }): Outcome<GetManyResult>['results'] {
    return cids.map((cid, i) => ({ result: { cid, ...result }, size: i === 0 ? result.bytes?.byteLength ?? 0 : 0 }))
  }

  /** A range; what cannot be had of it is tried again, a block at a time. */
  function several (span: Span<PlacedWant>): Task<GetManyResult> {
    return {
      // the blocks are copied out of it, so as not to hold on to it
      size: (span.end - span.start) * (span.blocks.length > 1 ? 2 : 1),
      async run (signal) {
        const blocks = span.blocks.filter(({ cids }) => cids.some(isWanted))
        if (blocks.length < span.blocks.length) {
          // the rest may lie closer together, or apart
          return { results: [], more: planSpans(blocks, limits).map(several) }
        }
        if (blocks.length === 1) {
          return single(blocks[0], []).run(signal)
        }
        return readSpan(span, signal)
      }
    }
  }

  async function readSpan ({ object, etag, start, end, blocks }: Span<PlacedWant>, signal: AbortSignal): Promise<Outcome<GetManyResult>> {
    const results: Array<Outcome<GetManyResult>['results'][number]> = []
    const more: Array<Task<GetManyResult>> = []

    try {
      const part = present(object, await store.read(object, { offset: start, length: end - start, ifMatch: etag, signal }))

      for (const block of blocks) {
        const [cid] = block.cids
        try {
          const found = findBlock(cid, block.location, part.bytes, start, part.size, limits.maxBlock)
          if ('bytes' in found) {
            await verify(cid, found.bytes)
            results.push(...resultsOf(block.cids, found))
          } else {
            // the guess was too short
            more.push(single(block, []))
          }
        } catch (err) {
          more.push(single(err instanceof TruncatedError ? block : elsewhere(block), err instanceof TruncatedError ? [] : [toError(err)]))
        }
      }
    } catch (err) {
      signal.throwIfAborted()
      const perhapsOne = MAY_BE_ONE.some(kind => err instanceof kind)
      more.push(...blocks.map(block => perhapsOne ? single(block, []) : single(elsewhere(block, isGone(err) ? object : undefined), [toError(err)])))
    }
    return { results, more }
  }

  yield * runTasks(planSpans(placed, limits).map(several), limits, options.signal)
}

/** Without the place that failed, and all others in that object if it is the object that failed. */
function elsewhere ({ cids, locations: [, ...rest] }: PlacedWant, object?: string): Wanted {
  return { cids, locations: rest.filter(location => location.object !== object) }
}

function isGone (err: unknown): boolean {
  return err instanceof ObjectMissingError || err instanceof ObjectChangedError
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
