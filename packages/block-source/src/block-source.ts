import type { CID } from 'multiformats/cid'

/** What a read is told, besides what to read. */
export interface SourceOptions {
  /** Aborts when the result is no longer wanted. The read then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Groups the reads of one client: an index may remember what that client has been reading. */
  readonly session?: string
  /**
   * Asked just before `getMany` begins to read a block. `false`: the block is no
   * longer wanted, it is not read, and nothing is yielded for it. Default: all
   * remain wanted until `signal` aborts.
   */
  wanted?(cid: CID): boolean
}

/** A block whose bytes were verified to hash to its CID. */
export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/**
 * What `getMany` says about one CID: its `bytes`; or an `error` if the source
 * could not tell or could not read; or neither if it does not have the block.
 */
export interface GetManyResult {
  /** The CID as it was asked for. */
  readonly cid: CID
  readonly bytes?: Uint8Array
  readonly error?: Error
}

/**
 * Something that has blocks. Only `get` is required.
 *
 * A miss and a failure are different answers: `undefined` says that the source
 * does not have the block, a rejection that it cannot tell. Bytes are verified
 * unless the source's documentation says otherwise.
 */
export interface BlockSource {
  /** Whether a miss is certain. `false` for a cache or a partial index. Default true */
  readonly complete?: boolean
  /** Reads a block. `undefined`: it is not here. Rejects if that cannot be told. */
  get (cid: CID, options?: SourceOptions): Promise<Uint8Array | undefined>
  /**
   * Reads many blocks with as few requests as the source can. Yields one result
   * for each CID, in any order; what fails is a result with an `error` and does
   * not end the others. The iteration itself throws only when `signal` aborts.
   */
  getMany? (cids: Iterable<CID>, options?: SourceOptions): AsyncIterable<GetManyResult>
  /** The size of a block without reading it, in bytes. `undefined`: it is not here. */
  stat? (cid: CID, options?: SourceOptions): Promise<{ readonly size: number } | undefined>
  /** Shows the source a verified block, which a cache may keep. It must not modify the bytes. */
  offer? (block: Block): void
}
