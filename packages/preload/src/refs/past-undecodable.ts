import { multihashKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import { MemberRefsError } from '../errors.ts'
import { createDigestTable } from '../gate/digests.ts'
import { isWalkable } from './walked-refs.ts'
import type { Ref, RefsMember } from './member.ts'
import type { MapMemory } from '../gate/digest-map.ts'
import type { DigestTable } from '../gate/digests.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The memory for the blocks that all requests of the process have listed. */
const LISTED: MapMemory = { used: 0, max: 16 << 20 }
/** A walk reads these blocks again without listing them, which must not take as long as a request may be without progress. */
const MAX_LISTED = 20_000

/** The errors of kubo for a block that it cannot read. */
const UNDECODABLE = /no decoder registered|unrecognized object type|protobuf|unmarshal|decode|cbor|unexpected (EOF|content)/i

/**
 * A member that continues with a walk if its own list stops at a block that it cannot read, so
 * that blocks of any codec can be preloaded. A request that has listed too many blocks before,
 * or for which there is no memory, ends with the member's error.
 */
export function pastUndecodable (lists: RefsMember, walks: RefsMember): RefsMember {
  return {
    id: lists.id,

    async * refs (query, signal): AsyncGenerator<Ref> {
      let listed: DigestTable | undefined = isWalkable(query) && query.recursive && !query.edges ? createDigestTable(MAX_LISTED, LISTED) : undefined

      try {
        for await (const ref of lists.refs(query, signal)) {
          const key = keyOf(ref)

          if (key == null || listed?.add(key, 0) === false) {
            listed?.free()
            listed = undefined
          }

          yield ref
        }
      } catch (err) {
        if (listed == null || !(err instanceof MemberRefsError) || !UNDECODABLE.test(err.message)) {
          throw err
        }

        for await (const ref of walks.refs(query, signal)) {
          const key = keyOf(ref)

          if (key == null || listed.depth(key) == null) {
            yield ref
          }
        }
      } finally {
        listed?.free()
      }
    }
  }
}

/** Undefined for anything that is not a CID. */
function keyOf ({ ref }: Ref): WantKey | undefined {
  try {
    return multihashKey(CID.parse(ref).multihash.bytes)
  } catch {
    return undefined
  }
}
