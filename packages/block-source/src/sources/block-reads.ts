import { OutOfRangeError, ObjectChangedError, ObjectMissingError, ObjectTooLargeError, TruncatedError } from '../errors.ts'
import { attemptAll, toError } from './attempts.ts'
import { planRead } from './range-reads.ts'
import { readLocation } from './read-location.ts'
import { planSpans } from './spans.ts'
import type { RangeRead, RangeReadsInit } from './range-reads.ts'
import type { Span } from './spans.ts'
import type { Outcome, Task } from './tasks.ts'
import type { Location } from '../block-index.ts'
import type { GetManyResult } from '../block-source.ts'
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

interface BlockReadsInit extends RangeReadsInit {
  /** Called before a read begins. Default: all blocks stay wanted */
  isWanted? (cid: CID): boolean
}

/** Failures of a whole range that one of its blocks may have caused. */
const MAY_BE_ONE = [OutOfRangeError, ObjectTooLargeError, TruncatedError]

/** The reads of ranges. If part of a range fails, its blocks are read again one at a time. */
export class BlockReads {
  readonly #init: BlockReadsInit

  constructor (init: BlockReadsInit) {
    this.#init = init
  }

  /** Reads a range; blocks that it does not yield are read again one at a time. */
  several (span: Span<PlacedWant>): Task<GetManyResult> {
    const { limits, isWanted } = this.#init
    const read = planRead(this.#init, span)

    return {
      size: read.size,
      run: async signal => {
        const blocks = isWanted == null ? span.blocks : span.blocks.filter(({ cids }) => cids.some(isWanted))

        if (blocks.length < span.blocks.length) {
          // the remaining blocks may need other ranges
          return { results: [], size: 0, more: planSpans(blocks, limits).map(span => this.several(span)) }
        }

        if (blocks.length === 1 && span.wantedEnd == null && read.lends !== true) {
          return this.#single(blocks[0], []).run(signal)
        }

        return this.#readSpan(span, read, signal)
      }
    }
  }

  /** Reads one block from the locations that have not been tried yet. */
  #single ({ cids, locations }: Wanted, failures: Error[]): Task<GetManyResult> {
    const { store, limits, verify, isWanted } = this.#init

    return {
      size: locations[0]?.length ?? locations[0]?.limit ?? limits.sectionGuess,
      async run (signal) {
        if (isWanted != null && !cids.some(isWanted)) {
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

  async #readSpan ({ object, blocks }: Span<PlacedWant>, { size, run }: RangeRead, signal: AbortSignal): Promise<Outcome<GetManyResult>> {
    const results: GetManyResult[] = []
    const more: Array<Task<GetManyResult>> = []
    let length = 0

    try {
      const range = await run(signal)

      for (const [i, block] of blocks.entries()) {
        try {
          const found = range.find(block.cids[0], block.location, i)
          const verified = 'bytes' in found ? this.#init.verify(block.cids[0], found.bytes) : undefined

          // where hashing is synchronous, a promise for each block would take longer than a short one
          if (verified != null) {
            await verified
          }

          if ('bytes' in found) {
            addResults(results, block.cids, found.bytes)
            length += found.bytes.byteLength
          } else {
            // the guess was too short
            more.push(this.#single(block, []))
          }
        } catch (err) {
          more.push(this.#single(err instanceof TruncatedError ? block : elsewhere(block), err instanceof TruncatedError ? [] : [toError(err)]))
        }
      }

      return { results, size: range.release == null ? length : size, more, release: range.release }
    } catch (err) {
      signal.throwIfAborted()
      const perhapsOne = MAY_BE_ONE.some(kind => err instanceof kind)
      more.push(...blocks.map(block => perhapsOne ? this.#single(block, []) : this.#single(elsewhere(block, isGone(err) ? object : undefined), [toError(err)])))
    }

    return { results, size: 0, more }
  }
}

/** Removes the location that failed, and all others in the same object if the object itself failed. */
function elsewhere ({ cids, locations: [, ...rest] }: PlacedWant, object?: string): Wanted {
  return { cids, locations: rest.filter(location => location.object !== object) }
}

function isGone (err: unknown): boolean {
  return err instanceof ObjectMissingError || err instanceof ObjectChangedError
}

/** Allocates no array for each block: there may be very many, and most have one CID. */
function addResults (results: GetManyResult[], cids: readonly CID[], bytes: Uint8Array): void {
  for (const cid of cids) {
    results.push({ cid, bytes })
  }
}

function resultsOf (cids: readonly CID[], { bytes, error }: { bytes?: Uint8Array, error?: Error }): GetManyResult[] {
  return cids.map(cid => error == null ? { cid, bytes } : { cid, error })
}
