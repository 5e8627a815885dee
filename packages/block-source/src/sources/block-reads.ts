import { OutOfRangeError, ObjectChangedError, ObjectMissingError, ObjectTooLargeError, TruncatedError } from '../errors.ts'
import { attemptAll, toError } from './attempts.ts'
import { findBlock, present, readLocation } from './read-location.ts'
import { planSpans } from './spans.ts'
import type { CarSourceLimits } from './car-source-init.ts'
import type { Span } from './spans.ts'
import type { Outcome, Task } from './tasks.ts'
import type { Location } from '../block-index.ts'
import type { GetManyResult } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Verify } from '../verify.ts'
import type { CID } from 'multiformats/cid'

/** A block that is wanted once or several times. */
interface Wanted {
  /** The CID of each request. */
  readonly cids: readonly CID[]
  /** The possible locations, best first. */
  readonly locations: readonly Location[]
}

/** A block that is planned to be read from its first location. */
export interface PlacedWant extends Wanted {
  readonly location: Location
}

export interface BlockReadsInit {
  readonly store: ObjectStore
  readonly limits: CarSourceLimits
  readonly verify: Verify
  /** Called before a read begins. */
  isWanted (cid: CID): boolean
}

/** Failures of a range that a single one of its blocks may have caused. */
const MAY_BE_ONE = [OutOfRangeError, ObjectTooLargeError, TruncatedError]

/** Creates the reads of ranges. If part of a range fails, its blocks are read again one at a time. */
export function blockReads ({ store, limits, verify, isWanted }: BlockReadsInit): (span: Span<PlacedWant>) => Task<GetManyResult> {
  /** Reads one block from the locations that have not been tried yet. */
  function single ({ cids, locations }: Wanted, failures: Error[]): Task<GetManyResult> {
    return {
      size: locations[0]?.length ?? locations[0]?.limit ?? limits.sectionGuess,
      async run (signal) {
        if (!cids.some(isWanted)) {
          return { results: [], size: 0, more: [] }
        }
        const [cid] = cids
        try {
          const bytes = await attemptAll(cid, locations, signal, async location => {
            const bytes = await readLocation(store, cid, location, limits, signal)
            await verify(cid, bytes)
            return bytes
          }, failures)
          return { results: resultsOf(cids, { bytes }), size: bytes?.byteLength ?? 0, more: [] }
        } catch (err) {
          signal.throwIfAborted()
          return { results: resultsOf(cids, { error: toError(err) }), size: 0, more: [] }
        }
      }
    }
  }

  /** Reads a range; blocks that it does not yield are read again one at a time. */
  function several (span: Span<PlacedWant>): Task<GetManyResult> {
    return {
      // the blocks are copied out of the range, so as not to keep it in memory
      size: (span.end - span.start) * (span.blocks.length > 1 ? 2 : 1),
      async run (signal) {
        const blocks = span.blocks.filter(({ cids }) => cids.some(isWanted))
        if (blocks.length < span.blocks.length) {
          // the remaining blocks may need other ranges
          return { results: [], size: 0, more: planSpans(blocks, limits).map(several) }
        }
        if (blocks.length === 1) {
          return single(blocks[0], []).run(signal)
        }
        return readSpan(span, signal)
      }
    }
  }

  async function readSpan ({ object, etag, start, end, blocks }: Span<PlacedWant>, signal: AbortSignal): Promise<Outcome<GetManyResult>> {
    const results: GetManyResult[] = []
    let size = 0
    const more: Array<Task<GetManyResult>> = []

    try {
      const part = present(object, await store.read(object, { offset: start, length: end - start, ifMatch: etag, signal }))

      for (const block of blocks) {
        const [cid] = block.cids
        try {
          const found = findBlock(cid, block.location, part.bytes, start, part.size, limits.maxBlock)
          if ('bytes' in found) {
            const verified = verify(cid, found.bytes)
            // where hashing is synchronous, a promise for each block would take longer than a short one
            if (verified != null) {
              await verified
            }
            results.push(...resultsOf(block.cids, found))
            size += found.bytes.byteLength
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
    return { results, size, more }
  }

  return several
}

/** Removes the location that failed, and all others in the same object if the object itself failed. */
function elsewhere ({ cids, locations: [, ...rest] }: PlacedWant, object?: string): Wanted {
  return { cids, locations: rest.filter(location => location.object !== object) }
}

function isGone (err: unknown): boolean {
  return err instanceof ObjectMissingError || err instanceof ObjectChangedError
}

function resultsOf (cids: readonly CID[], { bytes, error }: { bytes?: Uint8Array, error?: Error }): GetManyResult[] {
  return cids.map(cid => error == null ? { cid, bytes } : { cid, error })
}
