import { rendezvous } from '@kitsune/want-router'
import type { Member, StrategyFactory } from '@kitsune/want-router'

/**
 * Members of the own zone first, as their label `zone` says, in the order of
 * `inner`. While they are much busier than the others, zones do not count.
 *
 * @param zone - the own one
 * @param inner - orders the members of each zone. Default: `rendezvous()`
 * @param factor - how many times busier than the others the own zone may be. Default 4
 */
export function zoneAware (zone: string, inner: StrategyFactory = rendezvous(), factor = 4): StrategyFactory {
  const isNear = (member: Member): boolean => member.labels.zone === zone

  return env => {
    const strategy = inner(env)
    let near: readonly Member[] = []
    let far: readonly Member[] = []

    return {
      update (members) {
        near = members.filter(isNear)
        far = members.filter(member => !isNear(member))
        strategy.update(members)
      },

      * rank (want) {
        const spills = busyness(near) > factor * busyness(far)
        const later: Member[] = []

        for (const member of strategy.rank(want)) {
          if (spills || isNear(member)) {
            yield member
          } else {
            later.push(member)
          }
        }

        yield * later
      },

      observe (outcome) { strategy.observe?.(outcome) }
    }
  }
}

/** Wants in flight for each unit of weight, and one, so that a single want is not much more than none. */
function busyness (members: readonly Member[]): number {
  const up = members.filter(({ state }) => state === 'up')
  const wants = up.reduce((sum, { load }) => sum + load.wants, 0)
  const weight = up.reduce((sum, { weight }) => sum + weight, 0)

  return up.length === 0 ? Infinity : 1 + wants / weight
}

/** What the balancer and the simulator look for when they are given this file as a strategy. */
export const strategy = zoneAware(process.env.ZONE ?? 'a')
