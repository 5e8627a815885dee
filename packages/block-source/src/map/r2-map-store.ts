import { ObjectChangedError, StoreUnavailableError } from '../errors.ts'
import { r2Store } from '../stores/r2.ts'
import { checkName } from '../stores/request.ts'
import type { MapStore } from './map-store.ts'
import type { R2BucketLike, R2StoreInit } from '../stores/r2.ts'

/** The parts of an `R2Bucket` binding that are used to write a block map. */
export interface R2MapBucketLike extends R2BucketLike {
  put (key: string, bytes: Uint8Array, options: { onlyIf?: { etagMatches: string } | { etagDoesNotMatch: string } }): Promise<unknown>
  delete (key: string): Promise<void>
}

/** The options of `r2Store`, with a bucket that can be written to. */
export interface R2MapStoreInit extends R2StoreInit {
  readonly bucket: R2MapBucketLike
}

/**
 * An R2 bucket to which a block map can be written. R2 itself checks conditions.
 *
 * It does not retry writes: a failed one may have succeeded, and the map's writer finds that out.
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
