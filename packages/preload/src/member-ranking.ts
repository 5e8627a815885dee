import { multihashKey } from '@kitsune/bitswap-codec'
import { hashString, platformTimers } from '@kitsune/want-router/engine'
import type { RefsMember } from './refs/member.ts'
import type { StrategyFactory, WantRouter } from '@kitsune/want-router'
import type { CID } from 'multiformats/cid'

/** What members are ranked by. */
export interface MemberRankingInit {
  readonly router: Pick<WantRouter, 'status'>
  /** As the router's: it gets a separate one, since only the router may ask the router's. */
  readonly strategy: StrategyFactory
  /** How a member of the router is asked for refs; undefined: it cannot be. */
  find (id: string): RefsMember | undefined
  /** As the router's, where its strategy hashes. Default 0. */
  readonly seed?: number
}

/**
 * Orders the members that may be asked for the refs of a root: those to which the router
 * is connected by bitswap and which it has not ejected, since others could not fetch what
 * they would list.
 */
export function memberRanking ({ router, strategy: create, find, seed = 0 }: MemberRankingInit): (root: CID) => readonly RefsMember[] {
  const strategy = create({ now: platformTimers.now, random: Math.random, seed })

  return root => {
    const up = router.status().members.filter(({ state, draining }) => state === 'up' && !draining)
    const key = multihashKey(root.multihash.bytes)
    // what a member has no place for are wants, and refs are none
    strategy.update(up.map(member => ({ ...member, state: 'up', baseWeight: member.weight, full: false })))
    const ranked = strategy.rank({ key, hash: hashString(key, seed), type: 'block', client: '', tries: 0, said: () => undefined })

    return Array.from(ranked, ({ id }) => find(id)).filter(member => member != null)
  }
}
