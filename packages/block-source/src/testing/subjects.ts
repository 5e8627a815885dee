import type { BlockIndex } from '../block-index.ts'
import type { Block, BlockSource } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'
import type { RetryOptions } from '../retry.ts'
import type { Fetch } from '@kitsune/kubo-rpc'
import type { CID } from 'multiformats/cid'

/** An index to test, and its content. */
export interface BlockIndexSubject {
  readonly index: BlockIndex
  /** The store of the objects in its locations. */
  readonly store: ObjectStore
  /** At least three blocks that the index contains, with digests of at least 16 bytes. */
  readonly blocks: ReadonlyArray<{ readonly multihash: Uint8Array, readonly bytes: Uint8Array }>
  /** Cleans up after a test. */
  stop? (): void | Promise<void>
}

/** A source to test, and ways to make it fail. */
export interface BlockSourceSubject {
  readonly source: BlockSource
  /** Blocks that the source has: at least three, all different and none of them inline. */
  readonly has: readonly Block[]
  /** CIDs that the source does not have: at least one. */
  readonly missing: readonly CID[]
  /** Makes all reads fail temporarily; returns a function that ends this. For the law `failures`. */
  fail? (): (() => void | Promise<void>) | Promise<() => void | Promise<void>>
  /** Changes the stored bytes of a block. For the law `wrong`. */
  corrupt? (block: Block): void | Promise<void>
  /** Cleans up after a test. */
  stop? (): void | Promise<void>
}

/** A store to test, and ways to change its objects. */
export interface ObjectStoreSubject {
  readonly store: ObjectStore
  /** Writes an object, or a new version of it. */
  put (object: string, bytes: Uint8Array): void | Promise<void>
  /** Removes an object. */
  remove (object: string): void | Promise<void>
  /** The `maxRead` of {@link store}, in bytes: at least 1 MiB, at most 4 MiB. */
  readonly maxRead?: number
  /** How many requests or reads of files the store has made so far. For the law `nothing`. */
  requests? (): number
  /**
   * For a store over HTTP: creates the same store with another `fetch`, which behaves like
   * `fetch` below except for the faults that a law injects.
   */
  readonly http?: {
    /** Reaches the server. */
    readonly fetch: Fetch
    withFetch (fetch: Fetch, retry: RetryOptions): ObjectStore
  }
  /** Cleans up after a test. */
  stop? (): void | Promise<void>
}
