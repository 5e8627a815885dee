import type { BlockSource, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

/** A call of a source for one block. */
export type OneCall = <T>(cid: CID, options: SourceOptions, call: () => Promise<T>) => Promise<T>

/** Wraps each call of a source for one block; optional methods that the source does not have stay absent. */
export function wrap (source: BlockSource, around: OneCall, getMany?: BlockSource['getMany']): BlockSource {
  return {
    complete: source.complete,
    get: async (cid, options = {}) => around(cid, options, async () => source.get(cid, options)),
    ...(getMany == null ? {} : { getMany }),
    ...(source.stat == null ? {} : { stat: async (cid, options = {}) => around(cid, options, async () => source.stat?.(cid, options)) }),
    ...(source.offer == null ? {} : { offer: block => { source.offer?.(block) } })
  }
}
