import { InvalidOptionError } from '../../errors.ts'
import { isTiered } from './tiers.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

/**
 * Keeps hot keys from flooding one member: those that have at most
 * `ceil(c * average)` wants in flight, this one included and their weight
 * considered, come first, in the inner strategy's order; the others follow in
 * that same order, so that nobody is left out (Mirrokni, Thorup and
 * Zadimoghaddam: Consistent Hashing with Bounded Loads, 2016). Over `rendezvous`
 * what overflows goes by the key's own order: to many members instead of
 * cascading to one neighbour.
 *
 * The average is taken over members that are up; their load alone counts, else
 * wants that hang at an ejected one would raise everybody's bound. In a
 * simulation with Zipf-1 keys over ten members the peak was 2.95 times the
 * average without a bound, and 1.25 times with c = 1.25, while 82% of the wants
 * still went to their first choice.
 *
 * A pick costs the inner one and a sum over the members.
 *
 * @param inner - orders the members
 * @param c - how far above the average a member may go; 1 is the strictest,
 * more keeps more wants with their first choice. Default 1.25
 * @throws {InvalidOptionError} if `c` is below 1, or `inner` was made by `tiers`:
 * it would overflow into the next tier; write `tiers(boundedLoad(…))`
 */
export function boundedLoad (inner: StrategyFactory, c = 1.25): StrategyFactory {
  if (!(c >= 1 && c < Infinity)) {
    throw new InvalidOptionError(`bounded-load: c is a number of at least 1, not ${c}`)
  }

  if (isTiered(inner)) {
    throw new InvalidOptionError('bounded-load: over tiers it would overflow into the next tier; put it inside, as in tiers(bounded-load(rendezvous))')
  }

  return env => {
    const strategy = inner(env)
    let members: readonly Member[] = []

    return {
      update (changed) {
        members = changed
        strategy.update(changed)
      },

      * rank (want) {
        const each = c * loadPerWeight(members)
        let full: Member[] | undefined

        for (const member of strategy.rank(want)) {
          if (member.load.wants < Math.ceil(each * member.weight)) {
            yield member
          } else {
            (full ??= []).push(member)
          }
        }

        if (full != null) {
          yield * full
        }
      },

      observe (outcome) {
        strategy.observe?.(outcome)
      }
    }
  }
}

/** Wants in flight for each unit of weight, with the one to be placed. */
function loadPerWeight (members: readonly Member[]): number {
  let wants = 1
  let weight = 0

  for (const member of members) {
    if (member.state === 'up') {
      wants += member.load.wants
      weight += member.weight
    }
  }

  return weight === 0 ? 0 : wants / weight
}
