import type { ObjectStore } from '../object-store.ts'

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
