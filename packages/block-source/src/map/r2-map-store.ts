import { ObjectChangedError, StoreUnavailableError } from '../errors.ts'
import { r2Store } from '../stores/r2.ts'
import { checkName } from '../stores/request.ts'
import type { MapStore } from './map-store.ts'
import type { R2BucketLike, R2StoreInit } from '../stores/r2.ts'

/** What is used of an `R2Bucket` binding, to write a block map to. */
export interface R2MapBucketLike extends R2BucketLike {
  put (key: string, bytes: Uint8Array, options: { onlyIf?: { etagMatches: string } | { etagDoesNotMatch: string } }): Promise<unknown>
  delete (key: string): Promise<void>
}

/** As for `r2Store`, with a bucket that can be written to. */
export interface R2MapStoreInit extends R2StoreInit {
  readonly bucket: R2MapBucketLike
}

/**
 * An R2 bucket that a block map can be written to. R2 checks conditions itself.
 *
 * Writes are not tried again: whether a failed one has happened is for the map's
 * writer to see.
 */
export function r2MapStore (init: R2MapStoreInit): MapStore {
  const { bucket, budget } = init

  async function write<T> (what: string, operation: () => Promise<T>): Promise<T> {
    // class A, as a list is
    budget?.spend('list')

    return operation().catch((err: unknown) => {
      throw new StoreUnavailableError(`${what}: ${err instanceof Error ? err.message : String(err)}`, { cause: err })
    })
  }

  return {
    ...r2Store(init),

    async put (object, bytes, { ifMatch, ifAbsent, signal } = {}) {
      checkName(object)
      signal?.throwIfAborted()
      const onlyIf = ifAbsent === true ? { etagDoesNotMatch: '*' } : ifMatch == null ? undefined : { etagMatches: ifMatch }
      const written = await write(`put ${object}`, async () => bucket.put(object, bytes, { onlyIf }))

      if (written == null) {
        throw new ObjectChangedError(`${object} is not ${ifMatch ?? 'absent'}`)
      }
    },

    async remove (object) {
      checkName(object)
      await write(`delete ${object}`, async () => bucket.delete(object))
    }
  }
}
