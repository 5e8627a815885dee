import { NotFoundError, ReadOnlyError } from '../errors.ts'
import { getMany } from '../get-many.ts'
import type { BlockSource } from '../block-source.ts'
import type { Blockstore, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'

interface Options {
  readonly signal?: AbortSignal
}

/**
 * Turns a source into a read-only `interface-blockstore`. A miss is a `NotFoundError`
 * even if the source is not complete, since a blockstore cannot say that it does not
 * know. Writing, deleting and enumerating reject with a `ReadOnlyError`.
 */
export function sourceBlockstore (source: BlockSource): Blockstore {
  async function read (cid: CID, options: Options): Promise<Uint8Array> {
    const bytes = await source.get(cid, options)

    if (bytes == null) {
      throw new NotFoundError(`${cid} was not found`)
    }

    return bytes
  }

  return {
    async has (cid, options = {}) {
      return (source.stat == null ? await source.get(cid, options) : await source.stat(cid, options)) != null
    },

    async * get (cid, options = {}) {
      yield read(cid, options)
    },

    async * getMany (cids, options = {}): AsyncGenerator<Pair> {
      for await (const batch of batches(cids)) {
        for await (const { cid, bytes, error } of getMany(source, batch, options)) {
          if (bytes == null) {
            throw error ?? new NotFoundError(`${cid} was not found`)
          }

          yield { cid, bytes: once(bytes) }
        }
      }
    },

    async put () { throw readOnly() },
    async delete () { throw readOnly() },
    // eslint-disable-next-line require-yield
    async * putMany () { throw readOnly() },
    // eslint-disable-next-line require-yield
    async * deleteMany () { throw readOnly() },
    // eslint-disable-next-line require-yield
    async * getAll () { throw readOnly() }
  }
}

/** How many CIDs of the input are read together. */
const BATCH = 100

async function * batches (cids: Iterable<CID> | AsyncIterable<CID>): AsyncGenerator<CID[]> {
  let batch: CID[] = []

  for await (const cid of cids) {
    batch.push(cid)

    if (batch.length === BATCH) {
      yield batch
      batch = []
    }
  }

  if (batch.length > 0) {
    yield batch
  }
}

function * once (bytes: Uint8Array): Generator<Uint8Array> {
  yield bytes
}

function readOnly (): ReadOnlyError {
  return new ReadOnlyError('a block source can only be read')
}
