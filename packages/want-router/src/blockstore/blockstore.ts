import { ReadOnlyError, UnknownError } from '../errors.ts'
import type { LocalClient } from '../local/local-client.ts'
import type { Blockstore, Pair } from 'interface-blockstore'

/**
 * A router, or one of its clients, as a read-only `interface-blockstore`.
 *
 * A `get` rejects as that of the client does: a block that no member has is a
 * `NotFoundError`, as in every blockstore. `has` is false for it alone, and rejects with
 * an `UnknownError` where it is not known in 5 s whether a member has the block: a blockstore cannot express that.
 * `getMany` yields blocks in the order in which they arrive, and throws the first error. What
 * writes, deletes or enumerates rejects with a `ReadOnlyError`.
 */
export function routerBlockstore (client: LocalClient): Blockstore {
  return {
    async has (cid, options) {
      const has = await client.has(cid, options)

      if (has === 'unknown') {
        throw new UnknownError(`No member has said in time that it has ${cid}, and not all are certain that they do not have it`)
      }

      return has === 'have'
    },

    async * get (cid, options) {
      yield await client.get(cid, options)
    },

    async * getMany (cids, options): AsyncGenerator<Pair> {
      for await (const { cid, bytes, error } of client.getMany(cids, { signal: options?.signal })) {
        if (bytes == null) {
          throw error ?? new UnknownError()
        }

        yield { cid, bytes: once(bytes) }
      }
    },

    async put () { throw readOnly('put') },
    async delete () { throw readOnly('delete') },
    // eslint-disable-next-line require-yield
    async * putMany () { throw readOnly('putMany') },
    // eslint-disable-next-line require-yield
    async * deleteMany () { throw readOnly('deleteMany') },
    // eslint-disable-next-line require-yield
    async * getAll () { throw readOnly('getAll') }
  }
}

function * once (bytes: Uint8Array): Generator<Uint8Array> {
  yield bytes
}

function readOnly (method: string): ReadOnlyError {
  return new ReadOnlyError(`${method}: a router only reads. Write to a store of your own, and ask the router for what that does not have`)
}
