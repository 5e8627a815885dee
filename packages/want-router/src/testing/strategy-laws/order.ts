import { fakeEnv, fakeWant, pick, ranking } from '../fakes.ts'
import { broken, cases, show, showIds, showWant, someMembers } from './law.ts'
import { intruder, randomRun } from './random-run.ts'
import type { StrategyLawRule } from './law.ts'
import type { Ranked } from './random-run.ts'
import type { Member, Want } from '../../strategies/strategy.ts'

/** Throws unless the ids are those of members, each at most once. */
function checkSubset ({ ids, members, want }: Pick<Ranked, 'ids' | 'members' | 'want'>): void {
  const wrong = intruder(ids, members)

  if (wrong != null) {
    throw broken(`it ranked ${wrong}: ${showIds(ids)}; ${show(members)}; ${showWant(want)}`)
  }
}

function checkComplete ({ ids, members, want, whole }: Ranked): void {
  const missing = members.filter(({ id }) => !ids.includes(id))

  if (whole && missing.length > 0) {
    throw broken(`it left out ${missing.map(({ id, state }) => `"${id}" (${state})`).join(', ')} of ${show(members)}; ${showWant(want)}; the engine passes over members that it cannot ask, and needs them all when there are no others`)
  }
}

/** The want must perhaps not go to a member that the strategy was not given. */
export const subset: StrategyLawRule = {
  title: 'ranks only members that it was given, each at most once',
  check (subject) {
    cases(subject, (_, seed) => {
      for (const ranked of randomRun(subject, { seed })) {
        checkSubset(ranked)
      }
    })
  }
}

/** A want is exhausted only when every member has been tried; a strategy that omits one would hide blocks. */
export const complete: StrategyLawRule = {
  title: 'ranks every member in the end, whatever its state and load',
  check (subject) {
    cases(subject, (_, seed) => {
      for (const ranked of randomRun(subject, { seed, whole: true })) {
        checkComplete(ranked)
      }
    })
  }
}

/** The engine consumes a ranking over time, while loads change. */
export const changingLoads: StrategyLawRule = {
  title: 'ranks each member once while loads change under it',
  check (subject) {
    cases(subject, random => {
      const members = someMembers(subject, random, 2 + Math.floor(random() * 20))
      const strategy = subject.factory(fakeEnv(subject.seed))
      strategy.update([...members])

      for (let i = 0; i < 3; i++) {
        const want = fakeWant(`key-${i}`)
        const ids: string[] = []

        for (const { id } of strategy.rank(want)) {
          ids.push(id)

          if (ids.length > members.length) {
            break
          }

          // the engine asks several members at once for a want-have
          for (const member of members) {
            if (member.id === id || random() < 0.2) {
              member.load = { wants: member.load.wants + Math.floor(random() * 300), bytes: Math.floor(random() * 2 ** 24) }
              member.full = member.load.wants > 200
            }
          }
        }

        if (intruder(ids, members) != null || ids.length !== members.length) {
          throw broken(`with loads that changed while its ranking was consumed it ranked ${showIds(ids)}; ${show(members)}; ${showWant(want)}`)
        }
      }
    })
  }
}

/** `subset` and `complete`, while members are added and removed. */
export const comingAndGoing: StrategyLawRule = {
  title: 'follows members that come and go',
  check (subject) {
    cases(subject, (_, seed) => {
      for (const ranked of randomRun(subject, { seed, changing: true })) {
        checkSubset(ranked)
        checkComplete(ranked)
      }
    })
  }
}

/** A router may start without members, and may lose all. */
export const noMembers: StrategyLawRule = {
  title: 'ranks no member if it has none',
  check (subject) {
    cases(subject, random => {
      const strategy = subject.factory(fakeEnv(subject.seed))
      const members = someMembers(subject, random, 3)

      for (const update of [[], members, []]) {
        strategy.update(update)
        const ids = update.length === 0 ? ranking(strategy, fakeWant('key')) : []

        if (ids.length > 0) {
          throw broken(`without members it ranked ${showIds(ids)}`)
        }
      }
    }, 1)
  }
}

/** With one member there is nothing to choose. */
export const oneMember: StrategyLawRule = {
  title: 'ranks the only member first',
  check (subject) {
    cases(subject, random => {
      const strategy = subject.factory(fakeEnv(subject.seed))
      const members = someMembers(subject, random, 1)
      strategy.update([...members])

      for (let i = 0; i < 20; i++) {
        const want = fakeWant(`key-${i}`, { client: `peer-${i}` })
        const ids = ranking(strategy, want)

        if (ids.join() !== members[0].id) {
          throw broken(`it ranked ${showIds(ids)}; ${show(members)}; ${showWant(want)}`)
        }
      }
    })
  }
}

/** Most rankings are consumed only to their first member, so the rest should cost nothing. */
export const lazy: StrategyLawRule = {
  title: 'does nothing for a ranking before it is consumed',
  check (subject) {
    cases(subject, random => {
      let reads = 0
      const members = someMembers(subject, random, 8).map(member => new Proxy<Member>(member, {
        get (target, name) {
          reads++

          return Reflect.get(target, name)
        }
      }))
      const strategy = subject.factory(fakeEnv(subject.seed))
      const twin = subject.factory(fakeEnv(subject.seed))
      strategy.update([...members])
      twin.update([...members])

      for (let i = 0; i < 20; i++) {
        const want = fakeWant(`key-${i}`)
        reads = 0
        strategy.rank(want)
        strategy.rank(want)

        if (reads > 0) {
          throw broken(`it read ${reads} properties of its members before the first member was asked for (a generator, * rank, would not); ${showWant(want)}`)
        }

        const id = pick(strategy, want)?.id
        const expected = pick(twin, want)?.id

        if (id !== expected) {
          throw broken(`rankings that were not consumed changed the first of the next one from "${expected}" to "${id}"; ${showWant(want)}`)
        }
      }
    }, 20)
  }
}

/** The engine uses the same objects itself. */
export const readOnly: StrategyLawRule = {
  title: 'leaves members, their list, wants and outcomes as they are',
  check (subject) {
    cases(subject, random => {
      const members = someMembers(subject, random, 8)

      for (const member of members) {
        Object.freeze(member.load)
        Object.freeze(member.labels)
        Object.freeze(member)
      }

      const strategy = subject.factory(Object.freeze(fakeEnv(subject.seed)))
      strategy.update(Object.freeze(members))

      for (let i = 0; i < 10; i++) {
        const want: Want = Object.freeze(fakeWant(`key-${i}`))
        const [first] = ranking(strategy, want)
        strategy.observe?.(Object.freeze({ member: first, want, result: 'block', ms: 10, bytes: 1000, hedge: false }))
      }
    })
  }
}
