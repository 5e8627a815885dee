import { wantKey } from '@kitsune/bitswap-codec'
import { RecentMap } from './recent-map.ts'
import type { RouterEvent } from './events.ts'
import type { Outcome } from './strategies/strategy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** A member said that it has a block, or sent it, a short time ago. */
export interface RememberedHave {
  /** Its id. */
  readonly member: string
  /** Of the block, bytes; undefined if only its presence is known. */
  readonly size?: number
}

/** Which blocks are at members, beyond the fetches that found out. Nothing in it lasts longer than its member is up. */
export interface Haves {
  get (cid: CID): RememberedHave | undefined
}

/** What a table of {@link Haves} hears of. */
export interface HavesTable extends Haves {
  attemptEnded (outcome: Outcome): void
  onEvent (event: RouterEvent): void
}

/** Multihashes that are remembered at most: some 15 MiB. */
export const DEFAULT_REMEMBERED_HAVES = 65_536

/** For how long one is, ms. */
export const DEFAULT_HAVE_LIFETIME = 60_000

interface Entry extends RememberedHave {
  readonly at: number
  /** Of its member, when it said so. */
  readonly epoch: number
}

/**
 * @param now - monotonic, ms
 * @param limit - multihashes; what was confirmed longest ago is forgotten
 */
export function createHaves (now: () => number, limit = DEFAULT_REMEMBERED_HAVES, lifetime = DEFAULT_HAVE_LIFETIME): HavesTable {
  const entries = new RecentMap<WantKey, Entry>(limit)
  /** Counts how often a member has gone: what it said before is void. */
  const epochs = new Map<string, number>()
  const epochOf = (member: string): number => epochs.get(member) ?? 0

  return {
    get (cid) {
      const key = wantKey(cid.bytes)
      const entry = key == null ? undefined : entries.get(key)

      if (entry != null && entry.epoch === epochOf(entry.member) && now() - entry.at < lifetime) {
        return entry
      }
    },

    attemptEnded ({ member, want: { key, size }, result, bytes }) {
      const known = entries.get(key)

      if (result === 'block' || result === 'have') {
        entries.set(key, { member, size: result === 'block' ? bytes : size ?? known?.size, at: now(), epoch: epochOf(member) })
      } else if (result === 'dont-have' && known?.member === member) {
        entries.delete(key)
      }
    },

    onEvent (event) {
      if (event.type === 'member-removed' || (event.type === 'member' && event.state !== 'up')) {
        epochs.set(event.member, epochOf(event.member) + 1)
      }
    }
  }
}
