import type { BlockSource, GetManyResult, SourceOptions } from '@kitsune/block-source'
import type { CID } from 'multiformats/cid'

/** How often reads failed, by the name of the error. */
export type Failures = Map<string, number>

/** Errors that are not failures of a store: the connection may not read any more. */
const EXPECTED: ReadonlySet<string> = new Set(['BudgetExceededError', 'AbortError', 'TimeoutError'])
/** The most names. They are names of classes, so there are few; further ones are counted together. */
const MAX_NAMES = 32

/**
 * Counts the reads that fail. A want whose read fails gets no answer, so nothing else would show a damaged CAR or an index that is out of date.
 */
export function countFailures (source: BlockSource, failures: Failures): BlockSource {
  function count (err: unknown): void {
    if (err instanceof AggregateError) {
      err.errors.forEach(count)

      return
    }

    const name = err instanceof Error ? err.name : 'Error'

    if (!EXPECTED.has(name)) {
      const key = failures.has(name) || failures.size < MAX_NAMES ? name : 'Error'
      failures.set(key, (failures.get(key) ?? 0) + 1)
    }
  }

  async function counted <T> (reading: Promise<T> | undefined, { signal }: SourceOptions = {}): Promise<T | undefined> {
    try {
      return await reading
    } catch (err) {
      signal?.aborted === true || count(err)
      throw err
    }
  }

  async function * getMany (cids: Iterable<CID>, options?: SourceOptions): AsyncGenerator<GetManyResult> {
    for await (const result of source.getMany?.(cids, options) ?? []) {
      result.error != null && options?.signal?.aborted !== true && count(result.error)
      yield result
    }
  }

  return {
    ...source,
    get: async (cid, options) => counted(source.get(cid, options), options),
    ...(source.getMany == null ? {} : { getMany }),
    ...(source.stat == null ? {} : { stat: async (cid, options) => counted(source.stat?.(cid, options), options) })
  }
}
