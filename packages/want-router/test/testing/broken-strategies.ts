import { rendezvous } from '../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../src/strategies/algorithms/round-robin.ts'
import { delegateTo } from '../../src/strategies/delegate.ts'
import type { Member, Outcome, Strategy, StrategyEnv, StrategyFactory, Want } from '../../src/strategies/strategy.ts'
import type { StrategyLaw } from '../../src/testing/strategy-tests.ts'

/** A strategy that breaks a law. */
interface BrokenStrategy {
  readonly law: StrategyLaw
  readonly what: string
  /** The message of the law. */
  readonly says: RegExp
  make (): StrategyFactory
  /** For a strategy that wraps another. */
  wrap? (inner: StrategyFactory): StrategyFactory
}

/** Rendezvous, which keeps all laws, except for the given overrides. */
function but (change: (inner: Strategy, env: StrategyEnv) => Partial<Strategy>): StrategyFactory {
  return env => {
    const inner = rendezvous()(env)

    return { update: inner.update, rank: inner.rank, ...change(inner, env) }
  }
}

/** Rendezvous with another order of the ranking. */
function reordered (order: (members: Member[], want: Want) => Iterable<Member>): StrategyFactory {
  return but(inner => ({
    * rank (want) { yield * order([...inner.rank(want)], want) }
  }))
}

/** The members in a cycle that starts at one of them. */
function from (members: readonly Member[], start: number): Member[] {
  return members.length === 0 ? [] : [...members.slice(start % members.length), ...members.slice(0, start % members.length)]
}

/** Ranks members in the given order, starting where it is told. */
function starting (start: (want: Want) => number, sort: (members: readonly Member[]) => readonly Member[] = members => members): StrategyFactory {
  return () => {
    let members: readonly Member[] = []

    return {
      update (changed) { members = sort(changed) },
      * rank (want) { yield * from(members, start(want)) }
    }
  }
}

/** Ranks members last that have failed a hundred times. */
function grudge (wrong: Outcome['result']): StrategyFactory {
  return but(inner => {
    const wrongs = new Map<string, number>()
    const bad = ({ id }: Member): boolean => (wrongs.get(id) ?? 0) > 100

    return {
      * rank (want) {
        const members = [...inner.rank(want)]
        yield * members.filter(member => !bad(member))
        yield * members.filter(bad)
      },
      observe ({ member, result }) {
        wrongs.set(member, (wrongs.get(member) ?? 0) + Number(result === wrong))
      }
    }
  })
}

/** A wrapper that passes everything on, except for the given overrides. */
function wrapper (change: (inner: Strategy, env: StrategyEnv) => Partial<Strategy>): Pick<BrokenStrategy, 'make' | 'wrap'> {
  const wrap = (inner: StrategyFactory): StrategyFactory => env => {
    const strategy = inner(env)

    return delegateTo(strategy, change(strategy, env))
  }

  return { make: () => wrap(rendezvous()), wrap }
}

const byId = (members: readonly Member[]): Member[] => members.toSorted((a, b) => a.id < b.id ? -1 : 1)

export const BROKEN: readonly BrokenStrategy[] = [
  {
    law: 'subset',
    what: 'ranks the first member again at a second attempt',
    says: /^it ranked ".+" twice: .+; members: ".+" \(weight .+\); want: \w+ ".+" of "client-\d", \d failed tries\. Repeat it with/,
    make: () => reordered((members, { tries }) => tries > 0 ? [...members, ...members.slice(0, 1)] : members)
  },
  {
    law: 'subset',
    what: 'ranks copies under other names',
    says: /^it ranked ".+!", which is not a member/,
    make: () => reordered(members => members.map(member => ({ ...member, id: `${member.id}!` })))
  },
  {
    law: 'complete',
    what: 'leaves out ejected members',
    says: /^it left out ".+" \(ejected\)/,
    make: () => reordered(members => members.filter(({ state }) => state !== 'ejected'))
  },
  {
    law: 'changing-loads',
    what: 'finds its members again by their loads',
    says: /^with loads that changed while its ranking was consumed it ranked/,
    make: () => but(inner => ({
      * rank (want) {
        const members = [...inner.rank(want)]

        for (const load of members.map(({ load }) => load)) {
          yield * members.filter(member => member.load === load)
        }
      }
    }))
  },
  {
    law: 'coming-and-going',
    what: 'remembers members that have left',
    says: /^it ranked ".+", which is not a member/,
    make: () => but(inner => {
      const known = new Map<string, Member>()

      return {
        update (members) {
          for (const member of members) {
            known.set(member.id, member)
          }

          inner.update([...known.values()])
        }
      }
    })
  },
  {
    law: 'coming-and-going',
    what: 'knows only the members that it started with',
    says: /^it left out ".+"/,
    make: () => but(inner => {
      let known: Set<string> | undefined

      return {
        update (members) {
          known ??= new Set(members.map(({ id }) => id))
          inner.update(members.filter(({ id }) => known?.has(id)))
        }
      }
    })
  },
  {
    law: 'no-members',
    what: 'expects at least one member',
    says: /^the strategy threw TypeError/,
    make: () => reordered(members => [members[0].id.length > 0 ? members[0] : members[1], ...members.slice(1)])
  },
  {
    law: 'one-member',
    what: 'ranks no member if there is only one',
    says: /^it ranked no member; members: /,
    make: () => reordered(members => members.length === 1 ? [] : members)
  },
  {
    law: 'lazy',
    what: 'sorts when it is called',
    says: /^it read \d+ properties of its members before/,
    make: () => but(inner => ({ rank: want => [...inner.rank(want)] }))
  },
  {
    law: 'lazy',
    what: 'takes a turn when it is called',
    says: /^rankings that were not consumed changed the first of the next one/,
    make: () => () => {
      let members: readonly Member[] = []
      let turn = 0

      return {
        update (changed) { members = changed },
        rank: () => from(members, turn++)
      }
    }
  },
  {
    law: 'read-only',
    what: 'sorts the list that it was given',
    says: /^the strategy threw TypeError: Cannot assign to read only property '0'/,
    make: () => but(inner => ({
      update (members) { inner.update((members as Member[]).sort((a, b) => a.id < b.id ? -1 : 1)) }
    }))
  },
  {
    law: 'read-only',
    what: 'counts what it ranks in the load of the member',
    says: /^the strategy threw TypeError: Cannot assign to read only property 'wants'/,
    make: () => but(inner => ({
      * rank (want) {
        for (const member of inner.rank(want)) {
          (member.load as { wants: number }).wants++
          yield member
        }
      }
    }))
  },
  {
    law: 'deterministic',
    what: 'draws random numbers from the platform',
    says: /^with the same seed and history it ranked .+, before/,
    make: () => starting(() => Math.floor(Math.random() * 100))
  },
  {
    law: 'injected',
    what: 'looks at the platform’s clock',
    says: /^it called Date\.now: take env\.now/,
    make: () => starting(() => Date.now())
  },
  {
    law: 'injected',
    what: 'looks at the platform’s stopwatch',
    says: /^it called performance\.now: take env\.now/,
    make: () => but(() => ({ observe () { performance.now() } }))
  },
  {
    law: 'independent',
    what: 'shares its count of turns with all instances',
    says: /^beside another of the same factory it ranked/,
    make () {
      let turn = 0

      return starting(() => turn++)
    }
  },
  {
    law: 'shares',
    what: 'ignores weights',
    says: /^of 100,000 wants, one at a time, "a" came first for 2\d\.\d\d%, not for 50\.00% within one percentage point; weights: "a" 5, "b" 3, "c" 1, "d" 1/,
    make: () => starting(({ hash }) => hash)
  },
  {
    law: 'shares-under-load',
    what: 'prefers loaded members',
    says: /^of 100,000 wants, 1,000 in flight, "/,
    make: () => reordered(members => members.some(({ load }) => load.wants > 50) ? members.sort((a, b) => b.load.wants - a.load.wants) : members)
  },
  {
    law: 'input-order',
    what: 'hashes to positions in the list',
    says: /^it ranked .+ when members came as .+, and .+ when they came as/,
    make: () => starting(({ hash }) => hash)
  },
  {
    law: 'input-order',
    what: 'starts at a random member',
    says: /^it ranked .+ when members came as .+, and .+ when they came as/,
    make: () => roundRobin()
  },
  {
    law: 'minimal-disruption',
    what: 'hashes to positions in a sorted list',
    says: /^without "member-\d", one of 10, of the keys of others [\d,]+ of 10,000 moved/,
    make: () => starting(({ hash }) => hash, byId)
  },
  {
    law: 'minimal-disruption',
    what: 'gives no keys to a member that joins',
    says: /^a new member got 0\.00% of the keys, not its share of 9\.09%/,
    make: () => reordered(members => members.sort((a, b) => Number(a.id === 'new') - Number(b.id === 'new')))
  },
  {
    law: 'recovery',
    what: 'never forgives',
    says: /^"member-0", which had let 500 wants time out and been ejected for 30 s and then worked again, did not come first for any of the next 10,000 wants, 10 ms apart/,
    make: () => grudge('timeout')
  },
  {
    law: 'recovery',
    what: 'never again asks a member that missed a block',
    says: /^"member-0", which had missed 500 blocks/,
    make: () => grudge('dont-have')
  },
  {
    law: 'no-counting',
    what: 'counts what is in flight itself',
    says: /^"member-0" was ranked but not asked for a while, and then, although idle, came first for none of 10,000 wants/,
    make: () => but(inner => {
      const flying = new Map<string, number>()
      const count = ({ id }: Member): number => flying.get(id) ?? 0

      return {
        * rank (want) {
          for (const member of [...inner.rank(want)].sort((a, b) => count(a) - count(b))) {
            flying.set(member.id, count(member) + 1)
            yield member
          }
        },
        observe ({ member }) { flying.set(member, (flying.get(member) ?? 0) - 1) }
      }
    })
  },
  {
    law: 'stray-outcomes',
    what: 'assumes that it knows the member of every outcome',
    says: /^the strategy threw TypeError/,
    make: () => but(inner => {
      const known = new Map<string, { outcomes: number }>()

      return {
        update (members) {
          inner.update(members)

          for (const { id } of members) {
            known.set(id, { outcomes: 0 })
          }
        },
        observe ({ member }) { (known.get(member) as { outcomes: number }).outcomes++ }
      }
    })
  },
  {
    law: 'no-growth',
    what: 'remembers for each block which member was asked',
    says: /^after 100,000 blocks for as many clients one of its collections holds 100,000 entries, more than 20,000/,
    make: () => but(() => {
      const placed = new Map<string, string>()

      return { observe ({ want, member }) { placed.set(want.key, member) } }
    })
  },
  {
    law: 'no-growth',
    what: 'keeps a log',
    says: /one of its collections holds 100,000 entries/,
    make: () => but(() => {
      const log: Outcome[] = []

      return { observe (outcome) { log.push(outcome) } }
    })
  },
  {
    law: 'forwards',
    what: 'drops what the strategy that it wraps observes',
    says: /^an attempt at ".+" was observed once by it, and 0 times by the strategy that it wraps/,
    ...wrapper(() => ({ observe () {} }))
  },
  {
    law: 'forwards',
    what: 'tells the strategy that it wraps about each outcome twice',
    says: /^an attempt at ".+" was observed once by it, and 2 times/,
    ...wrapper(inner => ({
      observe (outcome) {
        inner.observe?.(outcome)
        inner.observe?.(outcome)
      }
    }))
  },
  {
    law: 'forwards',
    what: 'drops what the strategy that it wraps avoids',
    says: /^the strategy that it wraps avoids ".+", and it does not/,
    ...wrapper(() => ({ avoids: () => false }))
  },
  {
    law: 'forwards',
    what: 'tells the strategy that it wraps about members that join, but not about members that leave',
    says: /^when a member left the strategy that it wraps still knew "member-0"/,
    ...wrapper(inner => {
      const all = new Map<string, Member>()

      return {
        update (members) {
          for (const member of members) {
            all.set(member.id, member)
          }

          inner.update([...all.values()])
        }
      }
    })
  },
  {
    law: 'forwards',
    what: 'hides members from the strategy that it wraps',
    says: /^of the first members it did not tell the strategy that it wraps of "member-5"/,
    ...wrapper(inner => ({ update (members) { inner.update(members.slice(0, 5)) } }))
  },
  {
    law: 'forwards',
    what: 'never asks the strategy that it wraps',
    says: /^it ranked to the end without asking the strategy that it wraps/,
    ...wrapper(inner => {
      let members: readonly Member[] = []

      return {
        update (changed) {
          members = changed
          inner.update(changed)
        },
        rank: () => members
      }
    })
  },
  {
    law: 'forwards',
    what: 'gives the strategy that it wraps another clock',
    says: /^the strategy that it wraps was given another seed or another clock/,
    make: () => rendezvous(),
    wrap: inner => env => inner({ ...env, now: () => 0 })
  }
]
