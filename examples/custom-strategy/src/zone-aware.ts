import { delegateTo, rendezvous } from '@kitsune/want-router'
import type { Member, StrategyFactory } from '@kitsune/want-router'

/**
 * Ranks members in its own zone, by their label `zone`, before the others, in the
 * order of `inner`. It ignores zones while its own zone is much busier than the others.
 *
 * @param zone - the router's own zone
 * @param inner - orders the members of each zone. Default: `rendezvous()`
 * @param factor - how many times busier than the others its own zone may be. Default 4
 */
export function zoneAware (zone: string, inner: StrategyFactory = rendezvous(), factor = 4): StrategyFactory {
  const isNear = (member: Member): boolean => member.labels.zone === zone

  return env => {
    const strategy = inner(env)
    let near: readonly Member[] = []
    let far: readonly Member[] = []

    return delegateTo(strategy, {
      update (members) {
        near = members.filter(isNear)
        far = members.filter(member => !isNear(member))
        strategy.update(members)
      },

      * rank (want) {
        const isOverloaded = busyness(near) > factor * busyness(far)
        const later: Member[] = []

        for (const member of strategy.rank(want)) {
          if (isOverloaded || isNear(member)) {
            yield member
          } else {
            later.push(member)
          }
        }

        yield * later
      }
    })
  }
}

/** Wants in flight for each unit of weight, plus one, so that a single want counts little more than none. */
function busyness (members: readonly Member[]): number {
  const up = members.filter(({ state }) => state === 'up')
  const wants = up.reduce((sum, { load }) => sum + load.wants, 0)
  const weight = up.reduce((sum, { weight }) => sum + weight, 0)

  return up.length === 0 ? Infinity : 1 + wants / weight
}

/** The balancer and the simulator look for this export when this file is given as a strategy. */
export const strategy = zoneAware(process.env.ZONE ?? 'a')
