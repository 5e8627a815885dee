import type { BlockIndex } from '../block-index.ts'
import type { ObjectStore } from '../object-store.ts'
import type { VerifyInit } from '../verify.ts'

export interface CarSourceInit extends VerifyInit {
  /** Where the CAR files are. */
  readonly store: ObjectStore
  /** Says where in them a block is. */
  readonly index: BlockIndex
  /** A longer block is refused before it is read, in bytes. Default 4 MiB */
  readonly maxBlock?: number
  /** How much is read at first of a section whose length the index does not know, in bytes. Default 257 KiB: a block of 256 KiB takes one read */
  readonly sectionGuess?: number
  /** `getMany` reads blocks at once that are at most so far apart, in bytes. Default 64 KiB */
  readonly maxGap?: number
  /** The most that `getMany` reads at once, in bytes. Default 4 MiB */
  readonly maxSpan?: number
  /** How many reads `getMany` makes at a time. Default 4 */
  readonly concurrency?: number
  /** What `getMany` has read or is reading, and what was not taken yet, in bytes. Default 32 MiB */
  readonly maxBytes?: number
}

/** The options with their defaults. */
export type CarSourceLimits = Required<Omit<CarSourceInit, 'store' | 'index' | 'hashers'>>
