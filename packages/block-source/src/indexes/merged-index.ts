import { DEFAULTS } from '../defaults.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'

/** Options for asking several indexes. */
export interface MergedIndexInit {
  /** How many indexes are asked at the same time; a folder may have thousands of CARs. Default 6 */
  readonly concurrency?: number
}

/**
 * Combines several indexes, such as those of the CARs in a folder. It asks all indexes for
 * each block, and returns their locations in the order of the indexes. If an index fails,
 * the locations of the others are returned; if they found none, the result is an error.
 */
export function mergedIndex (indexes: readonly BlockIndex[], { concurrency = DEFAULTS.indexReads }: MergedIndexInit = {}): BlockIndex {
  return {
    complete: indexes.every(({ complete }) => complete),

    async locate (multihashes, options = {}) {
      options.signal?.throwIfAborted()
      const answers: Array<readonly Located[]> = []
      let next = 0

      const worker = async (): Promise<void> => {
        while (next < indexes.length) {
          const i = next++
          answers[i] = await indexes[i].locate(multihashes, options).catch((err: unknown) => multihashes.map(() => asError(err)))
          options.signal?.throwIfAborted()
        }
      }

      await Promise.all(Array.from({ length: Math.min(concurrency, indexes.length) }, worker))
      const located = multihashes.map((_, i) => merge(answers.map(answer => answer[i])))

      if (located.length > 0 && located.every(one => one instanceof Error)) {
        throw located[0]
      }

      return located
    }
  }
}

function merge (answers: readonly Located[]): Located {
  const locations: Location[] = []
  let error: Error | undefined

  for (const answer of answers) {
    if (answer instanceof Error) {
      error ??= answer
    } else {
      locations.push(...answer)
    }
  }

  return locations.length === 0 && error != null ? error : locations
}

function asError (err: unknown): Error {
  return err instanceof Error ? err : new Error(String(err))
}
