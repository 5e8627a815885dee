import { reuseRanking } from '../strategies/ranking/ranking.ts'
import { RearrangedRanking } from '../strategies/ranking/rearranged-ranking.ts'
import type { HaveMap } from './have-map.ts'
import type { Member, StrategyFactory, Want } from '../strategies/strategy.ts'

/**
 * Ranks members whose list does not have the block after all others. Those that are left come as the inner strategy ranks
 * them, members of which there is no list among them: so tiers, bounds and weights decide between those that may have it.
 *
 * While a member that may have it is up, the router waits for a busy one rather than ask one that does not have it.
 */
export function mapped (inner: StrategyFactory, map: Pick<HaveMap, 'isAbsent'>): StrategyFactory {
  return env => {
    const strategy = inner(env)
    let members: readonly Member[] = []

    const ranking = reuseRanking(() => new RearrangedRanking({
      start: want => strategy.rank(want),
      delay: ({ id }, { key }) => map.isAbsent(id, key) ? 1 : 0
    }))

    const isElsewhere = (want: Want): boolean =>
      members.some(({ id, state }) => state === 'up' && !map.isAbsent(id, want.key) && want.said(id) !== 'dont-have')

    return {
      update (changed) {
        members = changed
        strategy.update(changed)
      },

      rank: want => ranking().reset(want),
      observe: outcome => { strategy.observe?.(outcome) },
      avoids: (id, want) => strategy.avoids?.(id, want) === true || (want != null && map.isAbsent(id, want.key) && isElsewhere(want))
    }
  }
}
