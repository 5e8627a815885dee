import { isIdentity, multihashKey } from '@kitsune/bitswap-codec'
import { DEFAULT_PRELOAD_LIMITS } from '../defaults.ts'
import { BudgetError } from '../errors.ts'
import { createDigestTable } from '../gate/digests.ts'
import type { CID } from 'multiformats/cid'

/** Blocks that a walk has visited. */
export interface Visited {
  has (cid: CID): boolean
  /**
   * Adds a block. True: it has to be read, since it is new, or nearer to the root than before.
   *
   * @throws {BudgetError} there are more blocks than one request may have
   */
  add (cid: CID, depth: number): boolean
}

/** `maxDepth`: how far below a root links are followed; -1: without end. */
export function createVisited (maxDepth: number): Visited {
  const { links, linkMemory } = DEFAULT_PRELOAD_LIMITS
  const blocks = createDigestTable(links, { used: 0, max: linkMemory })

  return {
    has: cid => blocks.depth(multihashKey(cid.multihash.bytes)) != null,

    add (cid, depth) {
      if (isIdentity(cid.bytes)) {
        return true // it contains what it links to, so it has an end
      }

      const key = multihashKey(cid.multihash.bytes)
      const before = blocks.depth(key)

      if (before != null && (maxDepth === -1 || before <= depth)) {
        return false
      }

      if (!blocks.add(key, depth)) {
        throw new BudgetError('The DAG has more links than a request may')
      }

      return true
    }
  }
}
