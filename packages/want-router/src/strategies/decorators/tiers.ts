import { InvalidOptionError } from '../../errors.ts'
import { Ranking, reuseRanking, toRanking } from '../ranking/ranking.ts'
import { declareDecorator } from './decoration.ts'
import type { Member, Strategy, StrategyFactory, Want } from '../strategy.ts'

/** Options of {@link tiers}. */
export interface TiersInit {
  /** The label that holds a member's tier, a number. Default `tier`. */
  label?: string
}

interface Tier {
  level: number
  strategy: Strategy
}

/** The label that holds the tier by default. */
export const DEFAULT_LABEL = 'tier'

/**
 * Ranks members in tiers by a label: lower numbers first, and the members of a tier
 * only after all members of the tiers before it (a cache, then the CARs, then the
 * nodes that might fetch). A member without the label is in tier 0, as with Envoy's
 * default priority. Within a tier the inner strategy decides; each tier has its own
 * instance, which knows only that tier's members and outcomes.
 *
 * Members that cannot be asked are not left out: the engine skips them, and so falls
 * through to the next tier.
 *
 * A pick costs that of the first tier that has a member.
 *
 * @throws {InvalidOptionError} if `inner` has tiers by the same label; from
 * `update`, if a member's label is not a number
 */
export function tiers (inner: StrategyFactory, init: TiersInit = {}): StrategyFactory {
  const { label = DEFAULT_LABEL } = init

  return declareDecorator({ name: 'tiers', by: label }, inner, env => {
    // a tier without members keeps its instance, which may have learned something
    const byLevel = new Map<number, Tier>()
    let ordered: Tier[] = []
    let tierOf = new Map<string, Tier>()
    const ranking = reuseRanking(() => new TierByTier())

    return {
      update (members) {
        const groups = new Map<number, Member[]>([...byLevel.keys()].map(level => [level, []]))

        for (const member of members) {
          const level = levelOf(member, label)
          const group = groups.get(level)

          if (group == null) {
            groups.set(level, [member])
          } else {
            group.push(member)
          }
        }

        tierOf = new Map()

        for (const [level, group] of groups) {
          const tier = byLevel.get(level) ?? { level, strategy: inner(env) }
          byLevel.set(level, tier)
          tier.strategy.update(group)

          for (const member of group) {
            tierOf.set(member.id, tier)
          }
        }

        ordered = [...byLevel.values()].sort((a, b) => a.level - b.level)
      },

      rank: want => ranking().reset(ordered, want),

      observe (outcome) {
        tierOf.get(outcome.member)?.strategy.observe?.(outcome)
      },

      avoids: (member, want) => tierOf.get(member)?.strategy.avoids?.(member, want) ?? false
    }
  })
}

/** The rankings of all tiers, one after the other. */
class TierByTier extends Ranking {
  #tiers: readonly Tier[] = []
  #next = 0
  #want: Want | undefined
  #inner: Ranking | undefined

  reset (tiers: readonly Tier[], want: Want): this {
    this.#tiers = tiers
    this.#next = 0
    this.#want = want

    return this
  }

  pull (): Member | undefined {
    for (;;) {
      const member = this.#inner?.pull()

      if (member != null) {
        return member
      }

      this.#inner?.close()
      this.#inner = undefined

      if (this.#want == null || this.#next === this.#tiers.length) {
        return undefined
      }

      this.#inner = toRanking(this.#tiers[this.#next++].strategy.rank(this.#want))
    }
  }

  close (): void {
    super.close()
    this.#inner?.return()
    this.#inner = undefined
    this.#want = undefined
  }
}

function levelOf (member: Member, label: string): number {
  const text = member.labels[label]
  const level = text == null ? 0 : Number(text)

  if (!Number.isFinite(level) || text?.trim() === '') {
    throw new InvalidOptionError(`tiers: the label ${label} of ${member.id} must be a number, lower first, not "${text}"`)
  }

  return level
}
