import { queryKey } from './query.ts'
import { createTraversal } from './traversal.ts'
import type { RefsMember } from './member.ts'
import type { ReadBlock } from './missing-links.ts'
import type { RefsQuery } from './query.ts'
import type { ReaderInit, Traversal, TraversalReader } from './traversal.ts'
import type { PreloadLimits } from '../defaults.ts'
import type { Gate } from '../gate/gate.ts'
import type { Timers } from '../timers.ts'
import type { CID } from 'multiformats/cid'

/** The members that list, the gate that admits wants, and the limits of a traversal. */
export interface TraversalsInit {
  members (root: CID): readonly RefsMember[]
  readonly gate: Gate
  readonly read: ReadBlock
  readonly limits: PreloadLimits
  readonly timers: Timers
}

/** The running traversals. Requests for the same DAG share one as long as each can read the whole answer. */
export interface Traversals {
  join (query: RefsQuery, reader?: ReaderInit): TraversalReader
}

/** How long a member is asked last after it did nothing while the next one did something, ms. By then pings show whether its bitswap hangs. */
const HUNG = 30_000

/** Creates the traversals of a service; none is running. */
export function createTraversals ({ members, gate, read, limits, timers }: TraversalsInit): Traversals {
  const open = new Map<string, Traversal>()
  /** Until when members are asked last. */
  const hung = new Map<string, number>()

  function ranked (root: CID): RefsMember[] {
    const now = timers.now()
    hung.forEach((until, id) => { until > now || hung.delete(id) })

    return members(root).toSorted((a, b) => Number(hung.has(a.id)) - Number(hung.has(b.id)))
  }

  return {
    join (query, reader) {
      const key = queryKey(query)
      const joined = open.get(key)

      if (joined?.joinable === true) {
        return joined.join(reader)
      }

      const traversal = createTraversal({
        query,
        members: ranked(query.roots[0].cid),
        gate,
        read,
        limits,
        timers,
        onHung: member => { hung.set(member, timers.now() + HUNG) },
        ended () {
          // those that have ended at once are not among them
          if (open.get(key)?.joinable !== true) {
            open.delete(key)
          }
        }
      })

      if (traversal.joinable) {
        open.set(key, traversal)
      }

      return traversal.join(reader)
    }
  }
}
