import type { CID } from 'multiformats/cid'

/** Options of a read. */
export interface SourceOptions {
  /** Aborts the read, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Identifies the client: an index may remember what the client has been reading. */
  readonly session?: string
  /**
   * Called just before `getMany` begins to read a block. `false`: the block is no
   * longer wanted, so it is not read and has no result. Default: all blocks stay
   * wanted until `signal` aborts.
   */
  wanted?(cid: CID): boolean
}

/** A block whose bytes were verified to hash to its CID. */
export interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/**
 * The result of `getMany` for one CID: its `bytes`; or an `error` if the source could
 * not tell or could not read; or neither if the source does not have the block.
 */
export interface GetManyResult {
  /** The CID of the request. */
  readonly cid: CID
  readonly bytes?: Uint8Array
  readonly error?: Error
}

/**
 * A source of blocks. Only `get` is required.
 *
 * A miss and a failure are different answers: `undefined` says that the source
 * does not have the block, and a rejection means that it cannot tell. Bytes are verified
 * unless the source's documentation says otherwise.
 */
export interface BlockSource {
  /** Whether a miss is certain. `false` for a cache or a partial index. Default true */
  readonly complete?: boolean
  /** Reads a block. `undefined`: the source does not have it. Rejects if the source cannot tell. */
  get (cid: CID, options?: SourceOptions): Promise<Uint8Array | undefined>
  /**
   * Reads many blocks with as few requests as the source can. Yields one result
   * for each CID, in any order; a failure is a result with an `error` and does
   * not end the others. The iteration itself throws only when `signal` aborts.
   */
  getMany? (cids: Iterable<CID>, options?: SourceOptions): AsyncIterable<GetManyResult>
  /** The size of a block without reading it, in bytes. `undefined`: the source does not have it. */
  stat? (cid: CID, options?: SourceOptions): Promise<{ readonly size: number } | undefined>
  /** Offers the source a verified block, which a cache may keep. The source must not modify the bytes. */
  offer? (block: Block): void
}
