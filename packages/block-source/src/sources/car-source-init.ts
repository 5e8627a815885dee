import type { BlockIndex } from '../block-index.ts'
import type { ReadAheadInit } from './read-ahead.ts'
import type { ObjectStore } from '../object-store.ts'
import type { VerifyInit } from '../verify.ts'

/** How a source of CAR files finds blocks and reads them. */
export interface CarSourceInit extends VerifyInit {
  /** The store of the CAR files. */
  readonly store: ObjectStore
  /** Locates blocks in them. */
  readonly index: BlockIndex
  /** The longest block, in bytes; a longer one is refused before it is read. Default 4 MiB */
  readonly maxBlock?: number
  /** How much to read first of a section whose length the index does not know, in bytes. Default 257 KiB, so that a block of 256 KiB takes one read */
  readonly sectionGuess?: number
  /** `getMany` combines blocks that are at most this far apart into one read, in bytes. Default 64 KiB */
  readonly maxGap?: number
  /** The largest combined read of `getMany`, in bytes. Default 4 MiB */
  readonly maxSpan?: number
  /** How many reads `getMany` makes at the same time. Default 4 */
  readonly concurrency?: number
  /** How much `getMany` may hold in reads under way and results not yet taken, in bytes. Default 32 MiB */
  readonly maxBytes?: number
  /** `getMany` reads ahead if blocks are requested in the order of their CAR. Default: it reads only requested blocks */
  readonly readAhead?: ReadAheadInit
}

/** The options with their defaults. */
export type CarSourceLimits = Required<Omit<CarSourceInit, 'store' | 'index' | 'hashers' | 'readAhead'>>
