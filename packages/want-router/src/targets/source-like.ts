import { describe } from '../describe.ts'
import type { BlockBytes } from './block-bytes.ts'
import type { OfferedBlock } from './target.ts'
import type { CID } from 'multiformats/cid'

/** What a read is told. */
export interface SourceReadOptions {
  /** Aborts when the block, or all blocks of a batch, are no longer wanted. A read that ignores it keeps its place among the concurrent ones. */
  readonly signal: AbortSignal
  /** Groups the wants of one client: an index may remember what it has been reading. */
  readonly session: string
}

/** What a batch is told. */
export interface SourceBatchOptions extends SourceReadOptions {
  /** Whether a block of the batch is still wanted: if not, it need not be read or have a result. */
  wanted (cid: CID): boolean
}

/** The result for one block of a batch: its `bytes`, or an `error`, or neither if the source does not have it. */
export interface SourceResult {
  /** The CID of the request, or one of the same multihash. */
  readonly cid: CID
  readonly bytes?: BlockBytes
  readonly error?: Error
}

/**
 * Anything that has blocks: `get` is enough. A block source of Kitsune fits, and
 * so does an `interface-blockstore`.
 */
export interface SourceLike {
  /** Whether a miss is certain: false for a cache or a partial index. Default true. */
  readonly complete?: boolean
  /**
   * The block's bytes, whole or in pieces. A miss is `undefined` or an error
   * named `NotFoundError`; any other error is a failure of the source.
   */
  get (cid: CID, options: SourceReadOptions): BlockBytes | undefined | Promise<BlockBytes | undefined>
  /**
   * What the router asks for at once, of one client: so that the source can read neighbours together, and count
   * requests. Results come in any order, the next one when the router has taken the last. An error or a miss counts for one block only. Blocks
   * that have no result when it ends or throws are read by `get`.
   */
  getMany? (cids: Iterable<CID>, options: SourceBatchOptions): AsyncIterable<SourceResult> | Iterable<SourceResult>
  /** Answers want-haves without reading the block; `undefined` is a miss. If it returns the `size`, in bytes, the router uses that as the expected size. */
  stat? (cid: CID, options: SourceReadOptions): Promise<object | undefined>
  /** Answers want-haves if there is no `stat`. */
  has? (cid: CID, options: SourceReadOptions): boolean | Promise<boolean>
  /**
   * A verified block that a client wanted and another member had: for a cache, which takes it or leaves it. While it is storing
   * as many blocks as it may, no more are offered. Do not modify the bytes, which may be part of a larger buffer: copy what is kept.
   */
  offer? (block: OfferedBlock): void | Promise<void>
}

/** What is wrong with a value that should be a source; undefined if nothing is. */
export function sourceFault (from: unknown): string | undefined {
  if (typeof from !== 'object' || from == null) {
    return `a source is an object that has a method get(cid), not ${describe(from)}`
  }

  const { get, getMany, stat, has, offer } = from as Partial<Record<string, unknown>>

  if (typeof get !== 'function') {
    return `a source has a method get(cid), which returns the bytes of a block or undefined, and not ${describe(get)}`
  }

  for (const [name, method] of Object.entries({ getMany, stat, has, offer })) {
    if (method != null && typeof method !== 'function') {
      return `${name} of a source must be a method, not ${describe(method)}`
    }
  }
}
