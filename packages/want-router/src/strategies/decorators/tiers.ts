import { InvalidOptionError } from '../../errors.ts'
import type { Member, Strategy, StrategyFactory } from '../strategy.ts'

export interface TiersInit {
  /** The label that holds a member's tier, a number. Default `tier`. */
  label?: string
}

interface Tier {
  level: number
  strategy: Strategy
}

const tiered = new WeakSet<StrategyFactory>()

/** Whether a factory was made by {@link tiers}. */
export function isTiered (factory: StrategyFactory): boolean {
  return tiered.has(factory)
}

/**
 * Members in tiers by a label: a lower number comes first, and a tier's members
 * are ranked only after all of those before it (a cache, then the CARs, then the
 * nodes that might fetch). A member without the label is of tier 0, as Envoy's
 * default priority. Within a tier the inner strategy decides; each tier has an
 * instance of its own, which knows only that tier's members and outcomes.
 *
 * Members that cannot be asked are not left out: it is the engine that skips
 * them and so falls through to the next tier.
 *
 * @throws {InvalidOptionError} from `update`, if a member's label is not a number
 */
export function tiers (inner: StrategyFactory, init: TiersInit = {}): StrategyFactory {
  const label = init.label ?? 'tier'

  const factory: StrategyFactory = env => {
    // a tier that has lost its members keeps its instance, which may have learned something
    const byLevel = new Map<number, Tier>()
    let ordered: Tier[] = []
    let tierOf = new Map<string, Tier>()

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

      * rank (want) {
        for (const tier of ordered) {
          yield * tier.strategy.rank(want)
        }
      },

      observe (outcome) {
        tierOf.get(outcome.member)?.strategy.observe?.(outcome)
      }
    }
  }

  tiered.add(factory)
  return factory
}

function levelOf (member: Member, label: string): number {
  const text = member.labels[label]
  const level = text == null ? 0 : Number(text)

  if (!Number.isFinite(level) || text?.trim() === '') {
    throw new InvalidOptionError(`tiers: the label ${label} of ${member.id} is a number, lower first, not "${text}"`)
  }

  return level
}
