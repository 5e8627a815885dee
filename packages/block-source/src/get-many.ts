import { DEFAULTS } from './defaults.ts'
import { toError } from './sources/attempts.ts'
import { runTasks } from './sources/tasks.ts'
import type { BlockSource, GetManyResult, SourceOptions } from './block-source.ts'
import type { Task } from './sources/tasks.ts'
import type { CID } from 'multiformats/cid'

/**
 * Reads many blocks of any source: with its own `getMany` if it has one, otherwise a
 * few at a time. Yields one result for each CID, in the order of completion.
 */
export function getMany (source: BlockSource, cids: Iterable<CID>, options: SourceOptions = {}): AsyncIterable<GetManyResult> {
  return source.getMany?.(cids, options) ?? getEach(source, cids, options)
}

/** Uses `get`, at most four at a time, and keeps at most eight times 4 MiB of results that the consumer has not taken. */
export async function * getEach (source: BlockSource, cids: Iterable<CID>, options: SourceOptions = {}): AsyncGenerator<GetManyResult> {
  function task (cid: CID): Task<GetManyResult> {
    return {
      size: DEFAULTS.maxBlock,
      async run (signal) {
        if (options.wanted?.(cid) === false) {
          return { results: [], size: 0, more: [] }
        }

        const result = await resultOf(source, cid, { ...options, signal })

        return { results: [result], size: result.bytes?.byteLength ?? 0, more: [] }
      }
    }
  }

  for await (const [result] of runTasks(Array.from(cids, task), DEFAULTS, options.signal)) {
    if (result != null) {
      yield result
    }
  }
}

/** Turns one `get` into a result of `getMany`. */
async function resultOf (source: BlockSource, cid: CID, options: SourceOptions): Promise<GetManyResult> {
  try {
    const bytes = await source.get(cid, options)

    return bytes == null ? { cid } : { cid, bytes }
  } catch (err) {
    options.signal?.throwIfAborted()

    return { cid, error: toError(err) }
  }
}
