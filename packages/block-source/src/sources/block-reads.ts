import { OutOfRangeError, ObjectChangedError, ObjectMissingError, ObjectTooLargeError, TruncatedError } from '../errors.ts'
import { attemptAll, toError } from './attempts.ts'
import { findBlock, present, readLocation } from './read-location.ts'
import { createScatter, isScatterable } from './scatter.ts'
import { planSpans } from './spans.ts'
import type { CarSourceLimits } from './car-source-init.ts'
import type { ReadAhead } from './read-ahead.ts'
import type { Found } from './read-location.ts'
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

interface BlockReadsInit {
  readonly store: ObjectStore
  readonly limits: CarSourceLimits
  readonly verify: Verify
  readonly ahead?: ReadAhead
  /** Called before a read begins. */
  isWanted (cid: CID): boolean
}

/** Failures of a range that a single one of its blocks may have caused. */
const MAY_BE_ONE = [OutOfRangeError, ObjectTooLargeError, TruncatedError]

/** The reads of ranges. If part of a range fails, its blocks are read again one at a time. */
export class BlockReads {
  readonly #init: BlockReadsInit

  constructor (init: BlockReadsInit) {
    this.#init = init
  }

  /** Reads a range; blocks that it does not yield are read again one at a time. */
  several (span: Span<PlacedWant>): Task<GetManyResult> {
    const { store, limits, isWanted } = this.#init
    const scatters = store.readInto != null && span.blocks.length > 1 && span.wantedEnd == null && isScatterable(span, limits.maxBlock)

    return {
      // blocks that are not read into their own buffers are copied, so as not to keep the range in memory
      size: (span.end - span.start) * (span.blocks.length > 1 && !scatters ? 2 : 1),
      run: async signal => {
        const blocks = span.blocks.filter(({ cids }) => cids.some(isWanted))

        if (blocks.length < span.blocks.length) {
          // the remaining blocks may need other ranges
          return { results: [], size: 0, more: planSpans(blocks, limits).map(span => this.several(span)) }
        }

        if (blocks.length === 1 && span.wantedEnd == null) {
          return this.#single(blocks[0], []).run(signal)
        }

        return this.#readSpan(span, scatters, signal)
      }
    }
  }

  /** Reads one block from the locations that have not been tried yet. */
  #single ({ cids, locations }: Wanted, failures: Error[]): Task<GetManyResult> {
    const { store, limits, verify, isWanted } = this.#init

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

  async #readSpan (span: Span<PlacedWant>, scatters: boolean, signal: AbortSignal): Promise<Outcome<GetManyResult>> {
    const { object, blocks } = span
    const results: GetManyResult[] = []
    const more: Array<Task<GetManyResult>> = []
    let size = 0

    try {
      const find = await (scatters ? this.#scatter(span, signal) : this.#slab(span, signal))

      for (const [i, block] of blocks.entries()) {
        try {
          const found = find(block, i)
          const verified = 'bytes' in found ? this.#init.verify(block.cids[0], found.bytes) : undefined

          // where hashing is synchronous, a promise for each block would take longer than a short one
          if (verified != null) {
            await verified
          }

          if ('bytes' in found) {
            results.push(...resultsOf(block.cids, found))
            size += found.bytes.byteLength
          } else {
            // the guess was too short
            more.push(this.#single(block, []))
          }
        } catch (err) {
          more.push(this.#single(err instanceof TruncatedError ? block : elsewhere(block), err instanceof TruncatedError ? [] : [toError(err)]))
        }
      }
    } catch (err) {
      signal.throwIfAborted()
      const perhapsOne = MAY_BE_ONE.some(kind => err instanceof kind)
      more.push(...blocks.map(block => perhapsOne ? this.#single(block, []) : this.#single(elsewhere(block, isGone(err) ? object : undefined), [toError(err)])))
    }

    return { results, size, more }
  }

  /** Reads a range as one piece. */
  async #slab (span: Span<PlacedWant>, signal: AbortSignal): Promise<Find> {
    const { object, etag, start, end } = span
    const { store, limits, verify, ahead } = this.#init
    const part = present(object, await store.read(object, { offset: start, length: end - start, ifMatch: etag, signal }))

    if (span.wantedEnd != null) {
      await ahead?.keep(span, part.bytes, limits.maxBlock, verify)
    }

    return ({ cids: [cid], location }) => findBlock(cid, location, part.bytes, start, part.size, limits.maxBlock)
  }

  /** Reads a range into a buffer for each block. */
  async #scatter (span: Span<PlacedWant>, signal: AbortSignal): Promise<Find> {
    const { object, etag, start } = span
    const { blocks, buffers } = createScatter(span)
    present(object, await this.#init.store.readInto?.(object, buffers, { offset: start, ifMatch: etag, signal }))

    return (_, i) => ({ bytes: blocks[i] })
  }
}

/** The block of a range that was read, by its number. */
type Find = (block: PlacedWant, i: number) => Found

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
