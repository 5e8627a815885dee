import { fakeEnv, fakeMembers, fakeOutcome, fakeWant, ranking } from '../fakes.ts'
import { broken, cases, showIds } from './law.ts'
import type { StrategyLawRule } from './law.ts'
import type { Outcome, StrategyEnv, StrategyFactory } from '../../strategies/strategy.ts'
import type { FakeMember } from '../fakes.ts'

/** What one instance of the inner strategy has been told. */
interface Told {
  readonly env: StrategyEnv
  members: ReadonlySet<string>
  readonly wants: string[]
  readonly outcomes: Outcome[]
}

/** A strategy that ranks members in the order given, and records what it is told; a wrapper may make several. */
function inner (avoided: ReadonlySet<string>): { factory: StrategyFactory, instances: Told[] } {
  const instances: Told[] = []

  return {
    instances,
    factory (env) {
      const told: Told = { env, members: new Set(), wants: [], outcomes: [] }
      let ranked: Parameters<ReturnType<StrategyFactory>['update']>[0] = []
      instances.push(told)

      return {
        update (members) {
          ranked = members
          told.members = new Set(members.map(({ id }) => id))
        },
        * rank (want) {
          told.wants.push(want.key)
          yield * ranked
        },
        observe (outcome) { told.outcomes.push(outcome) },
        avoids: id => avoided.has(id)
      }
    }
  }
}

function expectMembers (instances: readonly Told[], members: readonly FakeMember[], when: string): void {
  const known = new Set(instances.flatMap(({ members }) => [...members]))
  const ids = members.map(({ id }) => id)
  const missing = ids.filter(id => !known.has(id))
  const left = [...known].filter(id => !ids.includes(id))

  if (missing.length > 0) {
    throw broken(`${when} it did not tell the strategy that it wraps of ${showIds(missing)}: pass \`update\` on`)
  }

  if (left.length > 0) {
    throw broken(`${when} the strategy that it wraps still knew ${showIds(left)}: pass \`update\` on`)
  }
}

/** A decorator that drops a call starves the strategy inside it of what it learns from. */
export const forwards: StrategyLawRule = {
  title: 'passes members, wants and outcomes on to the strategy that it wraps, and what that one avoids back',
  check (subject) {
    cases(subject, random => {
      const { wrap } = subject

      if (wrap == null) {
        throw broken('the init has no `wrap`, so the strategy cannot be made around another one')
      }

      const members = fakeMembers(6, () => ({ labels: subject.labels(random) }))
      const avoided = new Set(members.filter(() => random() < 0.3).map(({ id }) => id))
      const { factory, instances } = inner(avoided)
      let time = 0
      const env = fakeEnv(subject.seed, { now: () => time })
      const strategy = wrap(factory)(env)

      strategy.update([...members])
      expectMembers(instances, members, 'of the first members')
      const [, ...rest] = members
      strategy.update([...rest])
      expectMembers(instances, rest, 'when a member left')
      time = 1000

      for (const told of instances) {
        if (told.env.seed !== env.seed || told.env.now() !== 1000) {
          throw broken('the strategy that it wraps was given another seed or another clock: pass `env` on')
        }
      }

      ranking(strategy, fakeWant('key'))

      if (!instances.some(({ wants }) => wants.includes('key'))) {
        throw broken('it ranked to the end without asking the strategy that it wraps')
      }

      for (const { id } of rest) {
        const outcome = fakeOutcome(id, { ms: 7 })
        strategy.observe?.(outcome)
        const heard = instances.map(({ outcomes }) => outcomes.filter(({ member }) => member === id).length)

        if (Math.max(...heard) !== 1) {
          throw broken(`an attempt at "${id}" was observed once by it, and ${Math.max(...heard)} times by the strategy that it wraps: pass \`observe\` on`)
        }

        if (avoided.has(id) && strategy.avoids?.(id) !== true) {
          throw broken(`the strategy that it wraps avoids "${id}", and it does not: pass \`avoids\` on, as \`delegateTo\` does`)
        }
      }
    })
  }
}
