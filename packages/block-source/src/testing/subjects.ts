import type { BlockIndex } from '../block-index.ts'
import type { Block, BlockSource } from '../block-source.ts'
import type { Fetch } from '../http/client.ts'
import type { ObjectStore } from '../object-store.ts'
import type { RetryOptions } from '../retry.ts'
import type { CID } from 'multiformats/cid'

/** An index to be tested, and what is in it. */
export interface BlockIndexSubject {
  readonly index: BlockIndex
  /** Where the objects are that its locations name. */
  readonly store: ObjectStore
  /** At least three blocks that it knows, with digests of at least 16 bytes. */
  readonly blocks: ReadonlyArray<{ readonly multihash: Uint8Array, readonly bytes: Uint8Array }>
  /** Ends what the test began. */
  stop? (): void | Promise<void>
}

/** A source to be tested, and the ways to make it fail. */
export interface BlockSourceSubject {
  readonly source: BlockSource
  /** Blocks that it has: at least three, each other than all others and none of them inline. */
  readonly has: readonly Block[]
  /** What it lacks: at least one. */
  readonly lacks: readonly CID[]
  /** Makes all its reads fail in a way that may pass, and returns what ends that. For the law `failures`. */
  fail? (): (() => void | Promise<void>) | Promise<() => void | Promise<void>>
  /** Changes the bytes that are stored of a block. For the law `wrong`. */
  corrupt? (block: Block): void | Promise<void>
  /** Ends what the test began. */
  stop? (): void | Promise<void>
}

/** A store to be tested, and the way to fill what is behind it. */
export interface ObjectStoreSubject {
  readonly store: ObjectStore
  /** Writes an object, or a new version of one. */
  put (object: string, bytes: Uint8Array): void | Promise<void>
  /** Removes an object. */
  remove (object: string): void | Promise<void>
  /** The most that one read may return, which {@link store} was told: at least 1 MiB, at most 4. */
  readonly maxRead?: number
  /** How many requests it has made so far, or reads of a file. For the law `nothing`. */
  requests? (): number
  /**
   * Of a store over HTTP: the same store with another `fetch`, which behaves
   * like `fetch` below but for the faults that a law puts in.
   */
  readonly http?: {
    /** What reaches the server. */
    readonly fetch: Fetch
    withFetch (fetch: Fetch, retry: RetryOptions): ObjectStore
  }
  /** Ends what the test began. */
  stop? (): void | Promise<void>
}
