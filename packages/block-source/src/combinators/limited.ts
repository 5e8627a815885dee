import PQueue from 'p-queue'
import { InvalidOptionError } from '../errors.ts'
import { getEach } from '../get-many.ts'
import { wrap } from './wrap.ts'
import type { BlockSource } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'

export interface LimitedInit {
  /** How many reads may be under way at a time. */
  readonly concurrency: number
}

/**
 * No more reads at a time than that; others wait in order, and one that is aborted
 * before its turn never begins. `getMany` becomes a read for each block, so in
 * front of a source of CARs use {@link limitedStore} behind it instead. In a
 * Worker, make one for each request: those of one must not wait for another's.
 *
 * @throws {InvalidOptionError} if `concurrency` is no whole number above 0
 */
export function limited (source: BlockSource, init: LimitedInit): BlockSource {
  const run = createLimit(init)
  const one = wrap(source, async (cid, { signal }, call) => run(call, signal))

  return { ...one, getMany: (cids, options) => getEach(one, cids, options) }
}

/**
 * A store of which no more is read at a time. Lists are not limited.
 *
 * @throws {InvalidOptionError} if `concurrency` is no whole number above 0
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
    throw new InvalidOptionError(`concurrency is a whole number above 0, not ${concurrency}`)
  }
  const queue = new PQueue({ concurrency })

  return async (operation, signal) => {
    signal?.throwIfAborted()
    return queue.add(operation, { signal })
  }
}
