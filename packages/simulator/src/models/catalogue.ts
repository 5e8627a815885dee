import { hashString } from '@kitsune/want-router/engine'
import { seededRandom } from '@kitsune/want-router/testing'
import { contentIndex } from '../world/content.ts'
import { createSampler } from './distribution.ts'
import type { Recording } from '../scenario/recording.ts'
import type { Distribution } from '../scenario/schema.ts'
import type { TargetWant } from '@kitsune/want-router'

/** The block that a want names. */
type Named = Pick<TargetWant, 'key' | 'cid'>

/** Which blocks exist, how large they are, and which members hold them: a function of the seed and the key. */
export interface Catalogue {
  /** Bytes of the block; undefined if it does not exist. */
  size (want: Named): number | undefined
  /** Whether a member that holds this share of all blocks holds this one. */
  holds (member: string, share: number, want: Named): boolean
}

/** Blocks from this number on do not exist. */
export const ABSENT = 2 ** 52

interface CatalogueInit {
  readonly seed: number
  readonly sizes: Distribution
  /** If given, each block is at exactly this many of the members. */
  readonly copies?: number
  readonly members: readonly string[]
  /** If given, blocks are those of the recording, and no others exist. */
  readonly recording?: Pick<Recording, 'size' | 'dontHaves'>
}

/** Makes the blocks of a scenario: their sizes, and which members hold each, follow from the seed. */
export function createCatalogue ({ seed, sizes, copies, members, recording }: CatalogueInit): Catalogue {
  const size = createSampler(sizes)
  const sizeSeed = hashString('size', seed)
  const seeds = new Map(members.map(id => [id, hashString(`holds ${id}`, seed)]))

  function rank (member: string, { key }: Named): number {
    return hashString(key, seeds.get(member) ?? 0)
  }

  return {
    size (want) {
      if (recording != null) {
        return recording.size(want.key)
      }

      if (contentIndex(want.cid) >= ABSENT) {
        return
      }

      return typeof sizes === 'number' ? sizes : Math.max(1, Math.round(size(seededRandom(hashString(want.key, sizeSeed)))))
    },

    holds (member, share, want) {
      if (recording?.dontHaves.get(member)?.has(want.key) === true) {
        return false
      }

      if (copies == null) {
        return share >= 1 || rank(member, want) < share * 2 ** 32
      }

      if (share <= 0) {
        return false
      }

      const own = rank(member, want)
      let before = 0

      for (const id of members) {
        before += id !== member && rank(id, want) < own ? 1 : 0
      }

      return before < copies
    }
  }
}
