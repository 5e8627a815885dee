import PQueue from 'p-queue'
import { InvalidOptionError } from '../errors.ts'
import { getEach } from '../get-many.ts'
import { wrap } from './wrap.ts'
import type { BlockSource } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options of {@link limited}. */
export interface LimitedInit {
  /** How many reads may run at the same time. */
  readonly concurrency: number
}

/**
 * Limits how many reads run at the same time. Other reads wait in order, and a read that
 * is aborted while it waits never begins. `getMany` becomes one read for each block, so
 * for a source of CARs wrap its store with {@link limitedStore} instead. In a Worker,
 * create one for each request: one request must not wait for another's reads.
 *
 * @throws {InvalidOptionError} if `concurrency` is not a whole number above 0
 */
export function limited (source: BlockSource, init: LimitedInit): BlockSource {
  const run = createLimit(init)
  const one = wrap(source, async (cid, { signal }, call) => run(call, signal))

  return { ...one, getMany: (cids, options) => getEach(one, cids, options) }
}

/**
 * Limits how many reads of a store run at the same time. Lists are not limited.
 *
 * @throws {InvalidOptionError} if `concurrency` is not a whole number above 0
 */
export function limitedStore (store: ObjectStore, init: LimitedInit): ObjectStore {
  const run = createLimit(init)

  return {
    read: async (object, options = {}) => options.length === 0 ? store.read(object, options) : run(async () => store.read(object, options), options.signal),
    stat: async (object, options = {}) => run(async () => store.stat(object, options), options.signal),
    ...(store.list == null ? {} : { list: store.list.bind(store) })
  }
}

function createLimit ({ concurrency }: LimitedInit): <T>(operation: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new InvalidOptionError(`concurrency must be a whole number above 0, not ${concurrency}`)
  }

  const queue = new PQueue({ concurrency })

  return async (operation, signal) => {
    signal?.throwIfAborted()

    return queue.add(operation, { signal })
  }
}
