import { multihashKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import { MemberRefsError } from '../errors.ts'
import { createDigestTable } from '../gate/digests.ts'
import { isWalkable } from './walked-refs.ts'
import type { Ref, RefsMember } from './member.ts'
import type { DigestTable, TableMemory } from '../gate/digests.ts'

/** Of all its requests, of what they have listed: bytes. */
const LISTED_MEMORY = 16 << 20

/** What kubo says of a block that it cannot read. */
const UNDECODABLE = /no decoder registered|unrecognized object type|protobuf|unmarshal|decode|cbor|unexpected (EOF|content)/i

/**
 * A member that goes on by a walk where its own list stops at a block that it cannot read: every block can be taken,
 * whatever its codec. A request that has listed too much before ends with the member's error.
 */
export function pastUndecodable (lists: RefsMember, walks: RefsMember): RefsMember {
  const memory: TableMemory = { used: 0, max: LISTED_MEMORY }

  return {
    id: lists.id,

    async * refs (query, signal): AsyncGenerator<Ref> {
      let listed: DigestTable | undefined = isWalkable(query) && query.recursive && !query.edges ? createDigestTable(Infinity, memory) : undefined
      try {
        for await (const ref of lists.refs(query, signal)) {
          if (listed?.add(keyOf(ref), 0) === false) {
            listed.free()
            listed = undefined
          }
          yield ref
        }
      } catch (err) {
        if (listed == null || !(err instanceof MemberRefsError) || !UNDECODABLE.test(err.message)) {
          throw err
        }
        for await (const ref of walks.refs(query, signal)) {
          if (listed.depth(keyOf(ref)) == null) {
            yield ref
          }
        }
      } finally {
        listed?.free()
      }
    }
  }
}

function keyOf ({ ref }: Ref): string {
  return multihashKey(CID.parse(ref).multihash.bytes)
}
