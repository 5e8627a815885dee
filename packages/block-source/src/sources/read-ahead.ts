import { LRUCache } from 'lru-cache'
import { CID } from 'multiformats/cid'
import { MAX_SECTION_HEAD, parseSection } from '../car/section.ts'
import type { Placed, Span } from './spans.ts'
import type { Verify } from '../verify.ts'

/** How far to read ahead, and who keeps the blocks. */
export interface ReadAheadInit {
  /** How long a range may be made at present, in bytes. 0: nothing is read ahead. */
  length (): number
  /** Called with a block that was read ahead of any request, to keep it: pass the `offer` of the cache before the source. The block is verified, and a view of a larger buffer. */
  keep (block: { readonly cid: CID, readonly bytes: Uint8Array }): void
}

/** A range continues an earlier one if no more blocks of its size than this, and no more bytes, lie between them. */
const NEAR_BLOCKS = 8
const NEAR = 512 << 10
/** The most blocks to read ahead, since each is hashed before it is kept. */
const MAX_BLOCKS = 256
/** How many readers of one object, and how many objects, are remembered. */
const MAX_READERS = 16
const MAX_OBJECTS = 256

/**
 * If a client reads the blocks of a CAR one after another, makes each read longer: that costs
 * the same, and the blocks that follow need no read when the client asks for them. Reads of
 * scattered blocks stay as they are.
 */
export class ReadAhead {
  readonly #init: ReadAheadInit
  /** Where the last ranges of each object ended. */
  readonly #ends = new LRUCache<string, number[]>({ max: MAX_OBJECTS })

  constructor (init: ReadAheadInit) {
    this.#init = init
  }

  /** Makes a range longer if it continues an earlier one; returns any other range unchanged. */
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

  /** Keeps the blocks that follow the wanted ones, up to the first that is incomplete or does not hash to its CID. */
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

  /** Keeps the block of the section at an offset, and returns where the section ends; undefined if it is incomplete. */
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
