import { getMany } from '../get-many.ts'
import { checkRetryOptions, isTransient, retry, retryDelay } from '../retry.ts'
import { wrap } from './wrap.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { RetryOptions } from '../retry.ts'
import type { CID } from 'multiformats/cid'

/**
 * Retries temporary failures. Stores and sources over HTTP retry on their own; use this
 * for other sources, and for combinations of several.
 *
 * @throws {InvalidOptionError} if a number is invalid
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

      // one delay for all failed blocks, the longest that one of the failures asks for
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
