import { getMany } from '../get-many.ts'
import { toError } from '../sources/attempts.ts'
import { createVerify } from '../verify.ts'
import type { BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { VerifyInit } from '../verify.ts'
import type { CID } from 'multiformats/cid'

/** Verifies the blocks of a source that does not; the sources of this package do. Bytes that do not hash to their CID are an error. */
export function verified (source: BlockSource, init: VerifyInit = {}): BlockSource {
  const verify = createVerify(init)

  async function * readMany (cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
    for await (const result of getMany(source, cids, options)) {
      yield await checked(result)
    }
  }

  async function checked (result: GetManyResult): Promise<GetManyResult> {
    try {
      if (result.bytes != null) {
        await verify(result.cid, result.bytes)
      }

      return result
    } catch (err) {
      return { cid: result.cid, error: toError(err) }
    }
  }

  return {
    ...source,
    async get (cid, options = {}) {
      const bytes = await source.get(cid, options)

      if (bytes != null) {
        await verify(cid, bytes)
      }

      return bytes
    },
    getMany: (cids, options = {}) => readMany(cids, options)
  }
}
