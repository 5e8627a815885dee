import type { ListingStore, ObjectStore } from '../object-store.ts'

/** The condition under which an object is written. */
export interface PutOptions {
  /** Only if the object is this version: its etag, from a read or `stat`. */
  readonly ifMatch?: string
  /** Only if there is no such object. */
  readonly ifAbsent?: boolean
  /** Aborts the write, which may have happened nevertheless. */
  readonly signal?: AbortSignal
}

/**
 * A store that can also write, as far as a block map needs it. The store must check conditions
 * in one step with the write: if it reads first and writes afterwards, one writer can undo the
 * change of another.
 */
export interface MapStore extends ObjectStore {
  /**
   * Writes an object as a whole: readers see the new version or the old one, never a part.
   *
   * @throws {ObjectChangedError} if the condition does not hold
   */
  put (object: string, bytes: Uint8Array, options?: PutOptions): Promise<void>
  /** Removes an object, if it exists. */
  remove (object: string): Promise<void>
}

/** The object to upload: one version of an object in another store. */
export interface UploadFrom {
  readonly store: ObjectStore
  readonly object: string
  /** The size of the whole object, in bytes. */
  readonly size: number
  readonly etag?: string
}

/** Options of an upload. */
export interface UploadOptions {
  readonly signal?: AbortSignal
  /** Called with the number of bytes that have been written so far. */
  progress? (bytes: number): void
}

/** A store to which objects of any size can be written. */
export interface UploadStore extends MapStore {
  list: ListingStore['list']
  /**
   * Writes an object as a whole, a part at a time: readers see nothing of it before all of it
   * is written. If the store has kept the parts of an interrupted upload of the same name, it
   * continues with those. So a name must stand for one content, as the name of a CAR does,
   * which contains its hash.
   *
   * @throws {ObjectChangedError} if the object changes during the upload
   */
  upload (object: string, from: UploadFrom, options?: UploadOptions): Promise<void>
}
