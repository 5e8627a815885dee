import { getMany } from '../get-many.ts'
import { checkRetryOptions, isTransient, retry, retryDelay } from '../retry.ts'
import { wrap } from './wrap.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { RetryOptions } from '../retry.ts'
import type { CID } from 'multiformats/cid'

/**
 * Tries again what failed in a way that may pass. Stores and sources over HTTP do
 * so by themselves: this is for others, or for what is put together of several.
 *
 * @throws {InvalidOptionError} if a number cannot be meant
 */
export function retried (source: BlockSource, options: RetryOptions = {}): BlockSource {
  checkRetryOptions(options)

  async function * readMany (cids: Iterable<CID>, sourceOptions: SourceOptions): AsyncGenerator<GetManyResult> {
    let left = [...cids]

    for (let attempt = 1; left.length > 0; attempt++) {
      const failed: GetManyResult[] = []

      for await (const result of getMany(source, left, sourceOptions)) {
        if (result.error != null && isTransient(result.error)) {
          failed.push(result)
        } else {
          yield result
        }
      }
      // one delay for all that failed, the longest that one of them asks for
      const delay = failed.length === 0 ? undefined : retryDelay(failed.map(({ error }) => error), attempt, options)
      if (delay == null) {
        yield * failed
        return
      }
      await delay(sourceOptions.signal)
      left = failed.map(({ cid }) => cid)
    }
  }

  return wrap(source, async (cid, { signal }, call) => retry(call, options, signal), (cids, options = {}) => readMany(cids, options))
}
