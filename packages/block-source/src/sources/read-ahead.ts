import { LRUCache } from 'lru-cache'
import { CID } from 'multiformats/cid'
import { MAX_SECTION_HEAD, parseSection } from '../car/section.ts'
import type { Placed, Span } from './spans.ts'
import type { Verify } from '../verify.ts'

/** How far to read ahead, and where the blocks go. */
export interface ReadAheadInit {
  /** How long a range may become by it at present, in bytes. 0: nothing is read ahead. */
  length (): number
  /** Keeps a block that was read ahead of any request, a view of a larger buffer: `offer` of the cache before the source. It has been verified. */
  keep (block: { readonly cid: CID, readonly bytes: Uint8Array }): void
}

/** A range goes on where an earlier one ended if no more blocks of its size lie between them, nor more bytes. */
const NEAR_BLOCKS = 8
const NEAR = 512 << 10
/** Blocks are hashed before they are kept, so that no more of them are read ahead. */
const MAX_BLOCKS = 256
/** How many readers of one object, and how many objects, are remembered. */
const MAX_READERS = 16
const MAX_OBJECTS = 256

/**
 * Where the blocks of a CAR are read one after another, the read costs the same if it has those that follow, and they need
 * no read when they are asked for. What is read here and there is read as before.
 */
export class ReadAhead {
  readonly #init: ReadAheadInit
  /** Where ranges of an object have ended. */
  readonly #ends = new LRUCache<string, number[]>({ max: MAX_OBJECTS })

  constructor (init: ReadAheadInit) {
    this.#init = init
  }

  /** A range that goes on where an earlier one has ended, made longer; any other one as it is. */
  extend <Block extends Placed> (span: Span<Block>): Span<Block> {
    const { object, start, end, blocks } = span
    const ends = this.#ends.get(object) ?? []
    const each = (end - start) / blocks.length
    const near = Math.min(NEAR, NEAR_BLOCKS * each)
    const before = ends.findIndex(end => start >= end && start <= end + near)
    const length = before < 0 ? 0 : Math.floor(Math.min(this.#init.length(), MAX_BLOCKS * each))

    if (before >= 0) {
      ends.splice(before, 1)
    }

    if (length <= end - start) {
      this.#remember(object, end)

      return span
    }

    return { ...span, end: start + length, wantedEnd: end }
  }

  /** Keeps the blocks that follow the wanted ones, as far as they are whole and what their sections say. */
  async keep (span: Span<Placed>, bytes: Uint8Array, maxBlock: number, verify: Verify): Promise<void> {
    let at = (span.wantedEnd ?? Infinity) - span.start

    while (at < bytes.byteLength) {
      const next = await this.#keepNext(span, bytes, at, maxBlock, verify).catch(() => undefined) // a later request for it reports the error

      if (next == null) {
        break
      }

      at = next
    }

    this.#remember(span.object, span.start + at)
  }

  /** Where the section ends that begins at an offset; undefined if not all of it is there. */
  async #keepNext ({ object, start }: Span<Placed>, bytes: Uint8Array, at: number, maxBlock: number, verify: Verify): Promise<number | undefined> {
    const section = parseSection(bytes, at, { object, base: start, maxSectionLength: maxBlock + MAX_SECTION_HEAD })

    if (section == null || section.blockOffset + section.blockLength > start + bytes.byteLength) {
      return undefined
    }

    const cid = CID.decode(section.cid)
    const from = section.blockOffset - start
    const end = from + section.blockLength
    const block = bytes.subarray(from, end)
    await verify(cid, block)
    this.#init.keep({ cid, bytes: block })

    return end
  }

  #remember (object: string, end: number): void {
    const ends = this.#ends.get(object) ?? []
    ends.push(end)
    this.#ends.set(object, ends.length > MAX_READERS ? ends.slice(1) : ends)
  }
}
