import { getEach } from '../get-many.ts'
import { wrap } from './wrap.ts'
import type { BlockSource } from '../block-source.ts'
import type { Budget, RequestKind } from '../budget.ts'
import type { ObjectStore } from '../object-store.ts'

/**
 * Spends one request for each block that is read or whose size is asked for. Use it
 * for a source that does not accept a budget itself; `getMany` becomes one request
 * for each block.
 */
export function budgeted (source: BlockSource, budget: Budget, kind: RequestKind = 'fetch'): BlockSource {
  const one = wrap(source, async (cid, { signal }, call) => {
    signal?.throwIfAborted()
    budget.spend(kind)

    return call()
  })

  return { ...one, getMany: (cids, options) => getEach(one, cids, options) }
}

/** Spends one request for each read, stat and list. Use it for a store that does not accept a budget itself; the store's own retries are not counted. */
export function budgetedStore (store: ObjectStore, budget: Budget): ObjectStore {
  return {
    async read (object, options = {}) {
      options.signal?.throwIfAborted()

      if (options.length !== 0) {
        budget.spend('read')
      }

      return store.read(object, options)
    },
    async stat (object, options = {}) {
      options.signal?.throwIfAborted()
      budget.spend('stat')

      return store.stat(object, options)
    },
    ...(store.list == null
      ? {}
      : {
          list (prefix: string, options: { readonly signal?: AbortSignal } = {}) {
            budget.spend('list')

            return store.list?.(prefix, options) ?? none()
          }
        })
  }
}

async function * none (): AsyncGenerator<string> {}
