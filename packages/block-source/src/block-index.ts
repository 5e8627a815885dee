import type { SourceOptions } from './block-source.ts'

/** The position of a block's bytes. */
export interface Location {
  /** The name of the object, as the {@link ObjectStore} knows it. */
  readonly object: string
  /** The offset from the start of the object, in bytes. */
  readonly offset: number
  /** The length of the bytes at `offset`; undefined if the index does not know. 0 is valid: an empty block. */
  readonly length?: number
  /** An upper bound of an unknown `length`, such as the distance to the next section. */
  readonly limit?: number
  /** Whether the `block` itself begins at `offset`, or its `section` of a CAR, i.e. a length and a CID before the block. */
  readonly at: 'block' | 'section'
  /** The version of the object from which the index was made. A read of another version fails. */
  readonly etag?: string
}

/**
 * The result of looking up one multihash: its locations, best first; an empty array if
 * it is not in the index; or an error if the lookup failed.
 */
export type Located = readonly Location[] | Error

/** Maps multihashes to locations in objects. */
export interface BlockIndex {
  /** Whether an empty array means that no indexed object has the block. `false`: others may exist. */
  readonly complete: boolean
  /**
   * Looks up many multihashes at once. The results are in the order of the
   * arguments, one for each. Rejects if none of them could be looked up.
   */
  locate (multihashes: readonly Uint8Array[], options?: SourceOptions): Promise<readonly Located[]>
}
