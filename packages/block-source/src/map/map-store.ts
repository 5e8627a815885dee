import type { ListingStore, ObjectStore } from '../object-store.ts'

/** Under which condition an object is written. */
export interface PutOptions {
  /** Only if the object is this version: its etag, as a read or `stat` told it. */
  readonly ifMatch?: string
  /** Only if there is no such object. */
  readonly ifAbsent?: boolean
  /** Aborts the write, which may have happened all the same. */
  readonly signal?: AbortSignal
}

/**
 * A store that can also write, as far as a block map needs it. Conditions must be
 * checked by the store, in one step with the write: a store that reads first and
 * writes then lets one writer undo what another one did.
 */
export interface MapStore extends ObjectStore {
  /**
   * Writes an object as a whole: readers see all of it, or what was there before.
   *
   * @throws {ObjectChangedError} if the condition does not hold
   */
  put (object: string, bytes: Uint8Array, options?: PutOptions): Promise<void>
  /** Removes an object, if it exists. */
  remove (object: string): Promise<void>
}

/** What is uploaded: an object of another store, in one version of it. */
export interface UploadFrom {
  readonly store: ObjectStore
  readonly object: string
  /** All of it, in bytes. */
  readonly size: number
  readonly etag?: string
}

/** How a map is uploaded. */
export interface UploadOptions {
  readonly signal?: AbortSignal
  /** Called with the number of bytes that have been written so far. */
  progress? (bytes: number): void
}

/** A store that objects of any size can be written to. */
export interface UploadStore extends MapStore {
  list: ListingStore['list']
  /**
   * Writes an object as a whole, a part at a time: readers see nothing of it
   * before all is there. Where the store keeps the parts of an upload that was
   * interrupted, it goes on from those: so the name must tell the contents, as
   * the name of a CAR does that has its hash in it.
   *
   * @throws {ObjectChangedError} if what is uploaded has changed meanwhile
   */
  upload (object: string, from: UploadFrom, options?: UploadOptions): Promise<void>
}
