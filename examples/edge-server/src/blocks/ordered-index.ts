import type { BlockIndex, Located } from '@kitsune/block-source'

/**
 * Asks one index after another, the cheapest first, for the blocks that the earlier ones do not have. If an index fails
 * for a block and no later one has it, the result is that error.
 */
export function orderedIndex (indexes: readonly BlockIndex[]): BlockIndex {
  return {
    // a miss is certain if one of the indexes knows all blocks
    complete: indexes.some(({ complete }) => complete),

    async locate (multihashes, options = {}) {
      const found: Located[] = multihashes.map(() => [])
      let open = multihashes.map((_, i) => i)

      for (const index of indexes) {
        if (open.length === 0) {
          break
        }

        const asked = open
        const some = await index.locate(asked.map(i => multihashes[i]), options).catch((err: unknown) => asked.map(() => asError(err)))
        options.signal?.throwIfAborted()
        asked.forEach((i, j) => { found[i] = better(found[i], some[j]) })
        open = asked.filter(i => found[i] instanceof Error || (found[i] as readonly unknown[]).length === 0)
      }

      return found
    }
  }
}

/** Locations are better than an error, and an error than nothing: a miss is only certain if nothing failed. */
function better (before: Located, now: Located): Located {
  return before instanceof Error && !(now instanceof Error) && now.length === 0 ? before : now
}

function asError (err: unknown): Error {
  return err instanceof Error ? err : new Error(String(err))
}
