import { broken } from '../errors.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Member, Outcome, Strategy, StrategyEnv, StrategyFactory, Want } from '@kitsune/want-router'

/** The first member that a strategy ranked for a want, and the state of both then. */
export interface FirstChoice {
  readonly member: Member
  /** Nothing was open at the member. */
  readonly idle: boolean
}

/** Records and counts the calls of the engine to its strategy. */
export class StrategyObserver {
  /** Picks and pulled members since the last flush began. */
  picks = 0
  pulls = 0
  /** Members that were last resorts when the engine asked. */
  readonly avoided = new Set<string>()
  /** The last ranking of each want since the last flush began. */
  readonly firstChoices = new Map<WantKey, FirstChoice>()
  readonly #observe: (outcome: Outcome) => void
  #strategy: Strategy | undefined
  #members: readonly Member[] = []

  constructor (observe: (outcome: Outcome) => void) {
    this.#observe = observe
  }

  /** A flush begins. */
  begin (): void {
    this.picks = 0
    this.pulls = 0
    this.firstChoices.clear()
    this.avoided.clear()
  }

  /** Whether a member is a last resort now. */
  avoids (id: string): boolean {
    return this.#strategy?.avoids?.(id) === true
  }

  /** Checks that the strategy knows exactly the connected members. */
  expectMembers (connected: ReadonlySet<string>): void {
    if (this.#members.length !== connected.size || this.#members.some(({ id }) => !connected.has(id))) {
      broken('choice', `the strategy ranks ${this.#members.map(({ id }) => id).join(', ')}, but connected are ${[...connected].join(', ')}`)
    }
  }

  wrap (factory: StrategyFactory): StrategyFactory {
    let made = 0

    return (env: StrategyEnv): Strategy => {
      const strategy = factory(env)

      // only the second one counts: the first and later ones just try whether the strategy accepts the members
      if (++made !== 2) {
        return strategy
      }

      this.#strategy = strategy

      return {
        update: members => {
          this.#members = members
          strategy.update(members)
        },
        rank: want => this.#rank(strategy, want),
        avoids: strategy.avoids == null ? undefined : id => this.#noteAvoided(id, strategy.avoids?.(id) === true),
        observe: outcome => {
          this.#observe(outcome)
          strategy.observe?.(outcome)
        }
      }
    }
  }

  #noteAvoided (id: string, avoided: boolean): boolean {
    if (avoided) {
      this.avoided.add(id)
    }

    return avoided
  }

  #rank (strategy: Strategy, want: Want): Iterable<Member> {
    this.picks++
    let first = true

    return eachPulled(strategy.rank(want), member => {
      this.pulls++

      if (first) {
        first = false
        this.firstChoices.set(want.key, { member, idle: member.load.wants === 0 })
      }
    })
  }
}

/** A ranking that reports each member that is pulled. */
function eachPulled (ranking: Iterable<Member>, show: (member: Member) => void): Iterable<Member> {
  return {
    [Symbol.iterator] () {
      const iterator = ranking[Symbol.iterator]()

      return {
        next () {
          const result = iterator.next()

          if (result.done !== true) {
            show(result.value)
          }

          return result
        },
        return () { return iterator.return?.() ?? { done: true, value: undefined } }
      }
    }
  }
}
