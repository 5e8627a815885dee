import { delegateTo } from '@kitsune/want-router'
import type { Member, StrategyFactory } from '@kitsune/want-router'

/**
 * Lets a strategy choose between two members drawn at random, without replacement, and
 * ranks the others after them: the power of two choices where want-router scans all,
 * for comparison.
 */
export function twoChoices (inner: StrategyFactory): StrategyFactory {
  return env => {
    const strategy = inner(env)
    let members: readonly Member[] = []

    return delegateTo(strategy, {
      update (changed) {
        members = changed
        strategy.update(changed)
      },

      * rank (want) {
        if (members.length <= 2) {
          yield * strategy.rank(want)

          return
        }

        const first = Math.floor(env.random() * members.length)
        const second = (first + 1 + Math.floor(env.random() * (members.length - 1))) % members.length
        const drawn = new Set([members[first], members[second]])
        const ranked = [...strategy.rank(want)]
        yield * ranked.filter(member => drawn.has(member))
        yield * ranked.filter(member => !drawn.has(member))
      }
    })
  }
}
