import { isIdentity, multihashKey } from '@kitsune/bitswap-codec'
import { DagLimitError } from '../errors.ts'
import { decoded } from './decoded.ts'
import { createLookAhead } from './look-ahead.ts'
import type { DagBlock, GetBlock } from './block.ts'
import type { Share } from './budget.ts'
import type { Expand, Visit } from './expand.ts'
import type { Frame } from './look-ahead.ts'

/** A walk over the blocks of a DAG. */
export interface WalkInit {
  readonly root: Visit
  readonly expand: Expand
  /** Whether a block that is linked more than once is yielded more than once. */
  readonly duplicates: boolean
  readonly get: GetBlock
  /** Its share of the memory for all walks. */
  readonly share: Share
}

/** The greatest depth of a DAG, as in kubo. */
const MAX_DEPTH = 1024

/**
 * Yields the blocks of a DAG in depth-first order. A few blocks are fetched ahead. In memory are the links on the way
 * down and the CIDs of visited blocks, all within its share, and the blocks that were fetched ahead.
 *
 * Rejects as `get` does, for a block that cannot be decoded, and with a {@link DagLimitError} for a DAG that is too
 * large or too deep.
 */
export async function * walk ({ root, expand, duplicates, get, share }: WalkInit): AsyncGenerator<DagBlock> {
  const stack: Frame[] = [{ visits: [root], next: 0, branches: true }]
  /** The CIDs of visited blocks; true: everything below them was visited, too. */
  const seen = new Map<string, boolean>()
  const ahead = createLookAhead(get, key => seen.has(key))
  share.take(1)

  for (let frame = stack.at(-1); frame != null; frame = stack.at(-1)) {
    const visit = frame.visits[frame.next++]

    if (visit == null) {
      stack.pop()
      share.give(frame.visits.length)
      continue
    }

    const { cid, part } = visit
    const key = multihashKey(cid.bytes)

    if (seen.get(key) === true) {
      continue
    }

    const isFirst = !seen.has(key)

    if (isFirst && !duplicates) {
      share.take(1)
      seen.set(key, false)
    }

    const block = ahead.take(key, cid)
    ahead.fill(stack)
    const bytes = await block
    const below = decoded(cid, () => expand(visit, bytes))
    frame.branches = below.length > 0

    if (isFirst && !isIdentity(cid.bytes)) {
      yield { cid, bytes }
    }

    if (!duplicates && (part == null || below.length === 0)) {
      seen.set(key, true)
    }

    if (below.length > 0) {
      if (stack.length === MAX_DEPTH) {
        throw new DagLimitError(`The DAG is more than ${MAX_DEPTH} blocks deep`)
      }

      share.take(below.length)
      stack.push({ visits: below, next: 0, branches: true })
    }
  }
}
