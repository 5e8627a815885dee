import { getEach } from '../../src/get-many.ts'
import { flatfsKey, memoryStore, objectSource } from '../../src/index.ts'
import type { Block, BlockSource, ObjectStore } from '../../src/index.ts'
import type { BlockSourceLaw } from '../../src/testing/index.ts'

/** A source that breaks a law, as real sources have done. */
interface BrokenSource {
  readonly law: BlockSourceLaw
  readonly what: string
  make (right: BlockSource, store: ObjectStore, has: readonly Block[]): BlockSource
}

export const key = flatfsKey()

export function rightSource (store: ObjectStore = memoryStore()): BlockSource {
  return objectSource({ store, key })
}

export const BROKEN_SOURCES: readonly BrokenSource[] = [
  { law: 'gets', what: 'does not return the last block', make: (right, _, has) => ({ ...right, get: async (cid, options) => cid.equals(has.at(-1)?.cid) ? undefined : right.get(cid, options) }) },
  {
    law: 'misses',
    what: 'throws if it does not have the block',
    make: right => ({
      ...right,
      async get (cid, options) {
        const bytes = await right.get(cid, options)

        if (bytes == null) {
          throw new Error('not found')
        }

        return bytes
      }
    })
  },
  { law: 'multihashes', what: 'knows a block by one CID only', make: (right, _, has) => ({ ...right, get: async (cid, options) => has.some(block => block.cid.equals(cid)) ? right.get(cid, options) : undefined }) },
  { law: 'inline', what: 'looks up the block of an identity CID', make: right => ({ ...right, get: async (cid, options) => cid.multihash.code === 0 ? undefined : right.get(cid, options) }) },
  {
    law: 'sizes',
    what: 'includes the CID in the size',
    make: right => ({
      ...right,
      async stat (cid, options) {
        const found = await right.stat?.(cid, options)

        return found == null ? undefined : { size: found.size + cid.byteLength }
      }
    })
  },
  {
    law: 'many',
    what: 'ends at a missing block',
    make: right => ({
      ...right,
      async * getMany (cids, options) {
        for (const cid of cids) {
          const bytes = await right.get(cid, options)

          if (bytes == null) {
            return
          }

          yield { cid, bytes }
        }
      }
    })
  },
  { law: 'wanted', what: 'reads blocks that are no longer wanted', make: right => ({ ...right, getMany: (cids, options) => getEach(right, cids, { ...options, wanted: undefined }) }) },
  { law: 'aborts', what: 'ignores its signal', make: right => ({ ...right, get: async cid => right.get(cid) }) },
  {
    law: 'failures',
    what: 'takes a failure for absence',
    make: right => ({
      ...right,
      async get (cid, options) {
        try {
          return await right.get(cid, options)
        } catch {
          options?.signal?.throwIfAborted()

          return undefined
        }
      }
    })
  },
  {
    law: 'wrong',
    what: 'does not verify',
    make: (right, store) => ({ ...right, get: async (cid, { signal } = {}) => (await store.read(key(cid), { signal }))?.bytes })
  }
]
