import { ObjectChangedError } from '../errors.ts'
import type { IndexCache, Lookup } from './index-cache.ts'
import type { Located, Location } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'

/** Finds one multihash. It may throw. */
export type Locate = (multihash: Uint8Array, lookup: Lookup) => Promise<Location[]>

/**
 * Looks up each multihash separately, a few at a time. The result of a failed lookup is
 * an error. If all lookups fail, this rejects.
 */
export async function locateEach (multihashes: readonly Uint8Array[], cache: Pick<IndexCache, 'concurrency' | 'lookupReads'>, { signal }: SourceOptions, locate: Locate): Promise<readonly Located[]> {
  signal?.throwIfAborted()
  const lookup: Lookup = { reads: cache.lookupReads(), signal }
  const located: Located[] = []
  let next = 0

  const worker = async (): Promise<void> => {
    while (next < multihashes.length) {
      const i = next++
      located[i] = await locateOne(multihashes[i], lookup, locate)
      signal?.throwIfAborted()
    }
  }

  await Promise.all(Array.from({ length: Math.min(cache.concurrency, multihashes.length) }, worker))
  const error = located.find(one => one instanceof Error)

  if (error instanceof Error && located.every(one => one instanceof Error)) {
    throw error
  }

  return located
}

/** Opens an object again, once, if it has changed since it was opened. */
async function locateOne (multihash: Uint8Array, lookup: Lookup, locate: Locate): Promise<Located> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await locate(multihash, lookup)
    } catch (err) {
      if (attempt > 0 || !(err instanceof ObjectChangedError)) {
        return err instanceof Error ? err : new Error(String(err))
      }
    }
  }
}
