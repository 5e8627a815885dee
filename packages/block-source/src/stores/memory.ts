import { ObjectChangedError } from '../errors.ts'
import { checkMaxRead, checkName, checkRead, checkSize, nothing } from './request.ts'
import type { StoreLimits } from './request.ts'
import type { ListingStore } from '../object-store.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreInit extends StoreLimits {
  /**
   * The objects by name. The store uses this map itself, so later changes take effect. To
   * change an object, set another array: each array is a version.
   */
  readonly objects?: ReadonlyMap<string, Uint8Array>
}

/** Reads objects in memory, for tests and for small indexes that are part of a program. */
export function memoryStore (init: MemoryStoreInit = {}): ListingStore {
  const { objects = new Map<string, Uint8Array>() } = init
  const maxRead = checkMaxRead(init)
  const versions = new WeakMap<Uint8Array, string>()
  let version = 0

  function etagOf (bytes: Uint8Array): string {
    const etag = versions.get(bytes) ?? `"${++version}"`
    versions.set(bytes, etag)

    return etag
  }

  return {
    async read (object, options = {}) {
      const range = checkRead(object, options, maxRead)
      // a read that is aborted in the same tick returns nothing, as in other stores
      await Promise.resolve()
      options.signal?.throwIfAborted()

      if (range.length === 0) {
        return nothing()
      }

      const bytes = objects.get(object)

      if (bytes == null) {
        return undefined
      }

      const etag = etagOf(bytes)

      if (options.ifMatch != null && options.ifMatch !== etag) {
        throw new ObjectChangedError(`${object} is ${etag}, not ${options.ifMatch}`)
      }

      const count = checkSize(object, range, bytes.byteLength, maxRead)

      return { bytes: bytes.slice(range.offset, range.offset + count), size: bytes.byteLength, etag }
    },

    async stat (object, { signal } = {}) {
      checkName(object)
      signal?.throwIfAborted()
      const bytes = objects.get(object)

      return bytes == null ? undefined : { size: bytes.byteLength, etag: etagOf(bytes) }
    },

    async * list (prefix, { signal } = {}) {
      for (const name of [...objects.keys()]) {
        signal?.throwIfAborted()

        if (name.startsWith(prefix)) {
          yield name
        }
      }
    }
  }
}
