import { InvalidOptionError } from '../../errors.ts'
import { rankings } from '../ranking/ranking.ts'
import { Rearranged } from '../ranking/rearranged.ts'
import { composed } from './decoration.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

/** How far above the average a member may go, where nothing is said. */
export const DEFAULT_BOUND = 1.25
/** Wants that a member may have whatever the average, where nothing is said. */
export const DEFAULT_LEAST = 4

/**
 * Keeps hot keys from flooding one member: those that have at most
 * `ceil(c * average)` wants in flight, or `least` if that is more, this one
 * included and their weight considered, come first, in the inner strategy's order;
 * the others follow in that same order, so that nobody is left out (Mirrokni,
 * Thorup and Zadimoghaddam: Consistent Hashing with Bounded Loads, 2016). Over `rendezvous`
 * what overflows goes by the key's own order: to many members instead of
 * cascading to one neighbour.
 *
 * The average is taken over members that are up; their load alone counts, else
 * wants that hang at an ejected one would raise everybody's bound. Members that
 * the inner strategy avoids come after those that are full and do not count
 * either, else the idle ones among them would lower it. In a simulation with
 * Zipf-1 keys over ten members the peak was 2.95 times the average without a
 * bound, and 1.25 times with c = 1.25, while 82% of the wants still went to their
 * first choice.
 *
 * A pick costs the inner one, a sum over the members, and what full members are
 * pulled before the first that is not.
 *
 * @param inner - orders the members
 * @param c - how far above the average a member may go; 1 is the strictest,
 * more keeps more wants with their first choice. Default 1.25
 * @param least - wants that a member of weight 1 may have in flight whatever the
 * average. Where members are hardly busy the average is below 1, so that a second
 * want at the same time would already overflow: in a simulation of caches that
 * costs an eighth of the hits, and a few wants more cost such a member nothing.
 * More than members serve at once lets them queue. Default 4; 0 is the rule as it
 * was published
 * @throws {InvalidOptionError} if `c` is below 1, `least` below 0, or `inner` is
 * decorated in an order that defeats it
 */
export function boundedLoad (inner: StrategyFactory, c = DEFAULT_BOUND, least = DEFAULT_LEAST): StrategyFactory {
  if (!(c >= 1 && c < Infinity)) {
    throw new InvalidOptionError(`bounded-load: c is a number of at least 1, not ${c}`)
  }

  if (!(least >= 0 && least < Infinity)) {
    throw new InvalidOptionError(`bounded-load: least is a number of wants of at least 0, not ${least}`)
  }

  return composed({ name: 'bounded-load' }, inner, env => {
    const strategy = inner(env)
    let members: readonly Member[] = []
    let bound = 0

    const avoids = (id: string): boolean => strategy.avoids?.(id) ?? false

    /** Wants in flight for each unit of weight, with the one to be placed. */
    function loadPerWeight (): number {
      let wants = 1
      let sum = 0

      for (const { id, state, load, weight } of members) {
        if (state === 'up' && !avoids(id)) {
          wants += load.wants
          sum += weight
        }
      }

      return sum === 0 ? 0 : wants / sum
    }

    const ranking = rankings(() => new Rearranged({
      start (want) {
        bound = Math.max(least, c * loadPerWeight())
        return strategy.rank(want)
      },

      delay ({ id, weight, load }) {
        if (avoids(id)) {
          return 2
        }
        return load.wants < Math.ceil(bound * weight) ? 0 : 1
      }
    }))

    return {
      update (changed) {
        members = changed
        strategy.update(changed)
      },

      rank: want => ranking().over(want),
      observe: outcome => { strategy.observe?.(outcome) },

      avoids
    }
  })
}
