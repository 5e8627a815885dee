import type { SourceOptions } from './block-source.ts'

/** Where the bytes of a block are. */
export interface Location {
  /** The name of the object, as the {@link ObjectStore} knows it. */
  readonly object: string
  /** From the start of the object, in bytes. */
  readonly offset: number
  /** In bytes, of what begins at `offset`; undefined if the index does not know. 0 is a length: the empty block. */
  readonly length?: number
  /** If `length` is unknown: an upper bound of it, such as the distance to the next section. */
  readonly limit?: number
  /** What begins at `offset`: the `block` itself, or its `section` of a CAR, i.e. a length and a CID before the block. */
  readonly at: 'block' | 'section'
  /** The version of the object that the index was made of. A read of another version fails. */
  readonly etag?: string
}

/**
 * What an index says about one multihash: where it is, best first; nowhere (an
 * empty array); or an error if that could not be told.
 */
export type Located = readonly Location[] | Error

/** Maps multihashes to places in objects. */
export interface BlockIndex {
  /** Whether an empty array means that no indexed object has the block. `false`: others may exist. */
  readonly complete: boolean
  /**
   * Looks up many multihashes at once. The results are in the order of the
   * arguments, one for each. Rejects if none of them could be looked up.
   */
  locate (multihashes: readonly Uint8Array[], options?: SourceOptions): Promise<readonly Located[]>
}
