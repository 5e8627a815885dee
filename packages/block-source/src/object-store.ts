/** What an {@link ObjectStore} knows about an object without reading it: its size and version. */
export interface ObjectInfo {
  /** The size of the whole object, in bytes. */
  readonly size: number
  /** Identifies this version of the object, as the store writes it (with quotes in HTTP). */
  readonly etag?: string
}

/** Part of an object, or all of it. */
export interface ObjectPart {
  /**
   * The requested bytes; fewer only if the object ends before the range does. You may
   * modify them, and they do not keep a larger buffer in memory.
   */
  readonly bytes: Uint8Array
  /** The size of the whole object, in bytes; undefined if the store does not tell, as for a read of length 0. */
  readonly size?: number
  /** Identifies the version that was read. */
  readonly etag?: string
}

/** The part of an object to read. */
export interface ReadOptions {
  /** Where to begin, in bytes. Default 0 */
  readonly offset?: number
  /** How many bytes to read. Default: all up to the end. 0 makes no request, so it does not check that the object exists. */
  readonly length?: number
  /** Reads only this version of the object: its {@link ObjectInfo.etag}. */
  readonly ifMatch?: string
  /** Aborts the read, which rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Named objects that can be read in part: a bucket, a folder, a web server.
 *
 * All stores of this package behave alike. Check your own store with
 * `objectStoreTests()` from `@kitsune/block-source/testing`.
 */
export interface ObjectStore {
  /**
   * Reads part of an object. `undefined`: the object does not exist.
   *
   * A range that ends beyond the end of the object is cut there. A failure of
   * the store is never reported as `undefined`.
   *
   * @throws {OutOfRangeError} if the range begins beyond the end
   * @throws {ObjectChangedError} if the object is not the version `ifMatch`
   * @throws {ObjectTooLargeError} before reading, if the read is larger than the store allows
   * @throws {TruncatedError} if fewer bytes arrived than the store announced
   * @throws {StoreUnavailableError} if the store failed temporarily
   * @throws {StoreRefusedError} if the store refused, and a retry will not help
   */
  read (object: string, options?: ReadOptions): Promise<ObjectPart | undefined>
  /**
   * Reads consecutive bytes into buffers, all of which are filled, so that the caller need not
   * copy blocks out of a larger read. Otherwise it is like `read`. Not every store can.
   *
   * @throws {OutOfRangeError} if the object ends before the buffers are full
   */
  readInto? (object: string, buffers: readonly Uint8Array[], options?: Omit<ReadOptions, 'length'>): Promise<ObjectInfo | undefined>
  /**
   * The size and version of an object. `undefined`: the object does not exist.
   *
   * @throws {StoreUnavailableError} as `read` does
   * @throws {StoreRefusedError} as `read` does
   */
  stat (object: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectInfo | undefined>
  /** Lists the names of all objects that begin with `prefix`, in no particular order. Not every store can list. */
  list? (prefix: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<string>
}

/** A store that can list. */
export interface ListingStore extends ObjectStore {
  list (prefix: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<string>
}
