import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'
import { seededRandom } from '../seeded-random.ts'
import { Ranking, reuseRanking, toRanking } from '../strategies/ranking/ranking.ts'
import type { Member, Strategy, StrategyFactory } from '../strategies/strategy.ts'
import type { MemberInit } from '../targets/target.ts'

/** Called with each error of a strategy, and the method that threw it. */
export type StrategyFailed = (method: keyof Strategy, error: unknown) => void

/**
 * Wraps a strategy so that its errors do no harm: they are reported to `failed`, and
 * members are ranked in the order of the configuration. A strategy that threw when its
 * members changed is not asked again until it has accepted another change.
 */
export function guardedStrategy (strategy: Strategy, failed: StrategyFailed): Strategy {
  let members: readonly Member[] = []
  let behind = false
  const ranking = reuseRanking(() => new GuardedRanking(failed))

  return {
    update (changed) {
      members = changed

      try {
        strategy.update(changed)
        behind = false
      } catch (err) {
        behind = true
        failed('update', err)
      }
    },

    rank (want) {
      if (behind) {
        return members
      }

      try {
        const inner = toRanking(strategy.rank(want))

        return ranking().over(inner, members)
      } catch (err) {
        failed('rank', err)

        return members
      }
    },

    // undefined as in the strategy, so that the engine need not build outcomes
    observe: strategy.observe == null
      ? undefined
      : outcome => {
        try {
          strategy.observe?.(outcome)
        } catch (err) {
          failed('observe', err)
        }
      },

    avoids: strategy.avoids == null
      ? undefined
      : (member, want) => {
          try {
            return strategy.avoids?.(member, want) === true
          } catch (err) {
            failed('avoids', err)

            return false
          }
        }
  }
}

/** The strategy's ranking, followed after an error by all members again. */
class GuardedRanking extends Ranking {
  readonly #failed: StrategyFailed
  #inner: Ranking | undefined
  #members: readonly Member[] = []
  #pulled = 0

  constructor (failed: StrategyFailed) {
    super()
    this.#failed = failed
  }

  over (inner: Ranking, members: readonly Member[]): this {
    this.#inner = inner
    this.#members = members
    this.#pulled = 0

    return this
  }

  pull (): Member | undefined {
    if (this.#inner != null) {
      try {
        const member = this.#inner.pull()

        if (member == null || this.#pulled++ < this.#members.length) {
          return member
        }

        throw new Error('the strategy ranks more members than there are')
      } catch (err) {
        this.#failed('rank', err)
        this.#inner = undefined
        this.#pulled = 0
      }
    }

    return this.#members[this.#pulled++]
  }

  close (): void {
    super.close()
    const inner = this.#inner
    this.#inner = undefined

    try {
      inner?.return()
    } catch (err) {
      this.#failed('rank', err)
    }
  }
}

/**
 * Checks that the strategy accepts the members, with an instance that is then discarded:
 * members that it rejects are a mistake in the configuration.
 *
 * @throws {InvalidOptionError} the strategy throws, or is not a strategy
 */
export function tryStrategy (factory: StrategyFactory, members: readonly MemberInit[]): void {
  try {
    const strategy: Partial<Strategy> = factory({ now: () => 0, random: seededRandom(0), seed: 0 })

    if (typeof strategy.rank !== 'function' || typeof strategy.update !== 'function') {
      throw new InvalidOptionError(`strategy must be a function that makes a strategy, but this one makes ${describe(strategy)}: write roundRobin(), not roundRobin`)
    }

    strategy.update(members.map(atRest))
  } catch (err) {
    if (err instanceof InvalidOptionError) {
      throw err
    }

    throw new InvalidOptionError(`strategy: it cannot be used with these members: ${err instanceof Error ? err.message : String(err)}`)
  }
}

function atRest ({ id, weight = 1, labels = {} }: MemberInit): Member {
  return { id, weight, baseWeight: weight, labels, state: 'up', load: { wants: 0, bytes: 0 }, full: false, pendingBytes: 0 }
}
