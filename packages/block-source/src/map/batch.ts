import { mapKey, RowBuilder } from './rows.ts'

/** Blocks of a CAR, as `scanCar` yields them. */
export type CarBlocks = AsyncIterable<ReadonlyArray<{ readonly multihash: Uint8Array, readonly blockOffset: number, readonly blockLength: number }>>

/** A CAR to be added to a map. */
export interface CarToAdd {
  /** The name of the object. */
  readonly name: string
  /** Reads its blocks. It is not called if the CAR is in the map already. */
  blocks (): CarBlocks
}

/** Rows that are to be added together, and the names of their CARs: a row refers to its CAR by the position in `names`. */
export interface Batch {
  readonly builder: RowBuilder
  readonly names: string[]
}

/** Creates a batch without rows. */
export function createBatch (): Batch {
  return { builder: new RowBuilder(), names: [] }
}

/** Adds the rows of a CAR, all or none. */
export async function collectRows ({ builder, names }: Batch, { name, blocks }: CarToAdd): Promise<void> {
  const mark = builder.count

  try {
    for await (const some of blocks()) {
      for (const { multihash, blockOffset, blockLength } of some) {
        const key = mapKey(multihash)

        if (key != null) {
          // only the keys of digests of unusual lengths are promises: awaiting the others would take time
          builder.add(key instanceof Promise ? await key : key, { car: names.length, offset: blockOffset, length: blockLength })
        }
      }
    }
  } catch (err) {
    builder.truncate(mark)
    throw err
  }

  names.push(name)
}
