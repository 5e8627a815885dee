import { InvalidOptionError } from '../../errors.ts'
import { delegateTo } from '../delegate.ts'
import { reuseRanking } from '../ranking/ranking.ts'
import { RearrangedRanking } from '../ranking/rearranged-ranking.ts'
import { declareDecorator } from './decoration.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

/** How far above the average load a member may go by default. */
export const DEFAULT_BOUND = 1.25
/** Wants in flight that a member may have whatever the average, by default. */
export const DEFAULT_LEAST = 4

/**
 * Keeps hot keys from flooding one member. Members that would have at most
 * `ceil(c * average)` wants in flight with this one, or `least` if that is more, both
 * in proportion to their weight, come first, in the inner strategy's order; the full
 * ones follow in the same order, so that none is left out (Mirrokni, Thorup and
 * Zadimoghaddam: Consistent Hashing with Bounded Loads, 2016). Over `rendezvous`, wants
 * that overflow follow their key's own order: they go to many members instead of
 * cascading to one neighbour.
 *
 * The average is taken over the members that are up: wants that hang at an ejected
 * member would raise the bound of all others. Members that the inner strategy avoids
 * come after the full ones and do not count either: the idle ones among them would
 * lower the average. In a simulation with Zipf-1 keys over ten members the peak was
 * 2.95 times the average without a bound, and 1.25 times with c = 1.25, while 82% of
 * the wants still went to their first choice.
 *
 * A pick costs the inner one, a sum over the members, and the full members that are
 * pulled before the first that is not.
 *
 * @param inner - orders the members
 * @param c - how far above the average a member may go; 1 is the strictest,
 * more keeps more wants with their first choice. Default 1.25
 * @param least - wants that a member of weight 1 may have in flight whatever the
 * average. Where members are hardly busy the average is below 1, so that a second
 * want at the same time would already overflow: in a simulation of caches that cost
 * an eighth of the hits, while a few more wants cost such a member nothing. If it is
 * more than a member serves at once, wants queue there. Default 4; 0 is the rule as
 * published
 * @throws {InvalidOptionError} if `c` is below 1, `least` below 0, or `inner` is
 * decorated in an order that defeats it
 */
export function boundedLoad (inner: StrategyFactory, c = DEFAULT_BOUND, least = DEFAULT_LEAST): StrategyFactory {
  if (!(c >= 1 && c < Infinity)) {
    throw new InvalidOptionError(`bounded-load: c must be a number of at least 1, not ${c}`)
  }

  if (!(least >= 0 && least < Infinity)) {
    throw new InvalidOptionError(`bounded-load: least must be a number of wants of at least 0, not ${least}`)
  }

  return declareDecorator({ name: 'bounded-load' }, inner, env => {
    const strategy = inner(env)
    let members: readonly Member[] = []
    let bound = 0

    const avoids = (id: string): boolean => strategy.avoids?.(id) ?? false

    /** Wants in flight for each unit of weight, the one to be placed included. */
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

    const ranking = reuseRanking(() => new RearrangedRanking({
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

    return delegateTo(strategy, {
      update (changed) {
        members = changed
        strategy.update(changed)
      },

      rank: want => ranking().reset(want)
    })
  })
}
