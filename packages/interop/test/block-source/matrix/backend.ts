import type { IndexTitle, Opening } from './open-index.ts'
import type { Write } from './write-indexes.ts'
import type { BlockSource } from '@kitsune/block-source'

/** Where objects are. */
export interface Backend {
  readonly write: Write
  /** A source of the CARs there, which an index finds. */
  open (title: IndexTitle, opening: Opening): BlockSource
  stop (): Promise<void>
}
