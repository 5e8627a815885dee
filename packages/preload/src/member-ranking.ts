import { multihashKey } from '@kitsune/bitswap-codec'
import { hashString, platformTimers } from '@kitsune/want-router/engine'
import type { RefsMember } from './refs/member.ts'
import type { StrategyFactory, WantRouter } from '@kitsune/want-router'
import type { CID } from 'multiformats/cid'

/** What the ranking of members needs. */
export interface MemberRankingInit {
  readonly router: Pick<WantRouter, 'status'>
  /** The same strategy as the router's. The ranking creates its own, since only the router may use the router's. */
  readonly strategy: StrategyFactory
  /** Returns the refs of a member of the router; undefined: it cannot be asked for refs. */
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
    // a member without capacity for wants can still be asked for refs
    strategy.update(up.map(member => ({ ...member, state: 'up', baseWeight: member.weight, full: false })))
    const ranked = strategy.rank({ key, hash: hashString(key, seed), type: 'block', client: '', tries: 0, said: () => undefined })

    return Array.from(ranked, ({ id }) => find(id)).filter(member => member != null)
  }
}
