import { AsyncLocalStorage } from 'node:async_hooks'
import type { BlockSource, Budget, GetManyResult, SourceOptions } from '@kitsune/block-source'

/**
 * The budget of the request that is currently running. The indexes and caches of an isolate
 * serve all its requests, and each request is charged for the reads that it causes.
 */
export interface RequestBudget extends Budget {
  /** A source whose every read is charged to this budget. */
  charge (source: BlockSource, budget: Budget): BlockSource
}

const NOTHING = { read: 0, stat: 0, list: 0, fetch: 0 }

/** Creates the budget for the stores of an isolate. Outside of {@link RequestBudget.charge} it spends nothing. */
export function createRequestBudget (): RequestBudget {
  const current = new AsyncLocalStorage<Budget>()

  async function * getMany (source: BlockSource, budget: Budget, cids: Parameters<NonNullable<BlockSource['getMany']>>[0], options?: SourceOptions): AsyncGenerator<GetManyResult> {
    const results = source.getMany?.(cids, options)[Symbol.asyncIterator]()

    try {
      // for each step, since a generator runs in the context of its caller
      for (let next = await current.run(budget, async () => results?.next()); next != null && next.done !== true; next = await current.run(budget, async () => results?.next())) {
        yield next.value
      }
    } finally {
      await results?.return?.()
    }
  }

  return {
    get left () { return current.getStore()?.left ?? Infinity },
    get spent () { return current.getStore()?.spent ?? NOTHING },
    spend (kind) { current.getStore()?.spend(kind) },
    release () { current.getStore()?.release() },

    charge: (source, budget) => ({
      complete: source.complete,
      get: async (cid, options) => current.run(budget, async () => source.get(cid, options)),
      ...(source.getMany == null ? {} : { getMany: (cids, options) => getMany(source, budget, cids, options) }),
      ...(source.stat == null ? {} : { stat: async (cid, options) => current.run(budget, async () => source.stat?.(cid, options)) })
    })
  }
}
