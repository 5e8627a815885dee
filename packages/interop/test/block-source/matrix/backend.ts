import type { IndexTitle, Opening } from './open-index.ts'
import type { Write } from './write-indexes.ts'
import type { BlockSource } from '@kitsune/block-source'

/** A place for objects. */
export interface Backend {
  readonly write: Write
  /** Makes a source of the CARs there, which uses an index. */
  open (title: IndexTitle, opening: Opening): BlockSource
  stop (): Promise<void>
}
