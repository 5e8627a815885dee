import { fakeEnv, fakeMembers, fakeWant, pick, ranking } from '../fakes.ts'
import { broken, cases, quantity, show, showIds } from './law.ts'
import { intruder } from './random-run.ts'
import type { StrategyLawRule, Subject } from './law.ts'
import type { Outcome, Strategy, Want } from '../../strategies/strategy.ts'
import type { FakeMember } from '../fakes.ts'

const PACE = 10

interface SteadyLoad {
  readonly strategy: Strategy
  readonly members: FakeMember[]
  /** Moves time on by ten milliseconds, and makes the next want. */
  next (): Want
}

function steadyLoad ({ factory, seed }: Subject, count = 4): SteadyLoad {
  let time = 0
  let wants = 0
  const strategy = factory(fakeEnv(seed, { now: () => time }))
  const members = fakeMembers(count)
  strategy.update([...members])

  return {
    strategy,
    members,
    next () {
      time += PACE
      wants++

      // each of another client: a strategy that gives clients a home must come back with new clients
      return fakeWant(`key-${wants}`, { client: `peer-${wants}` })
    }
  }
}

function tell (strategy: Strategy, member: string, want: Want, result: Outcome['result'], ms: number): void {
  strategy.observe?.({ member, want, result, ms, bytes: result === 'block' ? 1 << 16 : 0, hedge: false })
}

/** Routes a want as the engine does: to the next member if one did not help, and with each attempt observed. */
function route (strategy: Strategy, want: Want, bad: FakeMember, result: Outcome['result'], ms: number): void {
  const said = new Map<string, 'dont-have' | 'failed'>()

  for (let attempt = 0; attempt < 2; attempt++) {
    const trying: Want = { ...want, tries: result === 'dont-have' ? 0 : attempt, said: id => said.get(id) }

    for (const { id } of strategy.rank(trying)) {
      if (said.has(id)) {
        continue
      }

      if (id !== bad.id) {
        tell(strategy, id, trying, 'block', PACE)

        return
      }

      said.set(id, result === 'dont-have' ? 'dont-have' : 'failed')
      tell(strategy, id, trying, result, ms)
      break
    }
  }
}

/** How many wants it takes until the member comes first, while all members are well. */
function wantsUntil (load: SteadyLoad, member: FakeMember, most: number): number {
  for (let count = 1; count <= most; count++) {
    const want = load.next()
    const [first] = ranking(load.strategy, want)

    if (first === member.id) {
      return count
    }

    if (first != null) {
      tell(load.strategy, first, want, 'block', PACE)
    }
  }

  return Infinity
}

/** Otherwise one bad hour would cost a member its place forever. */
export const recovery: StrategyLawRule = {
  title: 'comes back to a member that failed or missed every block, once it works again',
  check (subject) {
    const woes: Array<{ woe: string, result: Outcome['result'], ms: number }> = [
      { woe: 'had let 500 wants time out and been ejected for 30 s', result: 'timeout', ms: 5000 },
      { woe: 'had failed 500 wants at once and been ejected for 30 s', result: 'failed', ms: 1 },
      { woe: 'had missed 500 blocks', result: 'dont-have', ms: 1 }
    ]

    for (const { woe, result, ms } of woes) {
      cases(subject, () => {
        const here = steadyLoad(subject)
        const { strategy, members } = here
        const [bad] = members

        for (let i = 0; i < 500; i++) {
          route(strategy, here.next(), bad, result, ms)
        }

        if (result !== 'dont-have') {
          bad.state = 'ejected'
          strategy.update([...members])

          for (let i = 0; i < 30_000 / PACE; i++) {
            route(strategy, here.next(), bad, 'cancelled', 0)
          }

          bad.state = 'up'
          strategy.update([...members])
        }

        if (wantsUntil(here, bad, subject.recovery) === Infinity) {
          throw broken(`"${bad.id}", which ${woe} and then worked again, did not come first for any of the next ${quantity(subject.recovery)} wants, ${PACE} ms apart; ${show(members)}`)
        }
      }, 1)
    }
  }
}

/** Not every ranking becomes an attempt, so a strategy that counts them drifts from the truth. */
export const noCounting: StrategyLawRule = {
  title: 'knows what is in flight from its members, not from counting rankings and outcomes',
  check (subject) {
    cases(subject, () => {
      const here = steadyLoad(subject)
      const { strategy, members } = here
      const [silent] = members

      for (let i = 0; i < 1000; i++) {
        const want = here.next()
        const [first] = ranking(strategy, want)

        // the engine passed over it, so there was no attempt to observe
        if (first != null && first !== silent.id) {
          tell(strategy, first, want, 'block', PACE)
        }
      }

      if (wantsUntil(here, silent, subject.recovery) === Infinity) {
        throw broken(`"${silent.id}" was ranked but not asked for a while, and then, although idle, came first for none of ${quantity(subject.recovery)} wants; member.load says what is in flight; ${show(members)}`)
      }
    }, 1)
  }
}

/** The engine reports outcomes of attempts that outlive their members. */
export const strayOutcomes: StrategyLawRule = {
  title: 'tolerates outcomes before it knows members, of unknown members, and of members that have left',
  check (subject) {
    cases(subject, () => {
      const strategy = subject.factory(fakeEnv(subject.seed))
      const [gone, ...members] = fakeMembers(5)
      const want = fakeWant('key')
      const results: Array<Outcome['result']> = ['block', 'have', 'dont-have', 'unknown', 'failed', 'timeout', 'cancelled']

      const strays = (): void => {
        for (const result of results) {
          for (const id of [gone.id, 'stranger', '__proto__']) {
            tell(strategy, id, want, result, 10)
          }
        }
      }

      strays()
      strategy.update([gone, ...members])
      strays()
      strategy.update([...members])
      strays()

      const ids = ranking(strategy, want)

      if (intruder(ids, members) != null || ids.length !== members.length) {
        throw broken(`after outcomes of "${gone.id}", which had left, and of unknown members, it ranked ${showIds(ids)}; ${show(members)}`)
      }
    }, 1)
  }
}

const MANY = 100_000

/** Clients choose keys and ids, so a strategy that remembers all of them lets them fill the memory. */
export const noGrowth: StrategyLawRule = {
  title: `keeps a bounded memory of ${quantity(MANY)} blocks and clients`,
  check (subject) {
    cases(subject, () => {
      const { strategy, next } = steadyLoad(subject)
      let largest = 0
      // only of collections, and only while the strategy runs: there is no other way to look into it
      const unwatch = [
        watch(Map.prototype, 'set', function (this: Map<unknown, unknown>) { largest = Math.max(largest, this.size) }),
        watch(Set.prototype, 'add', function (this: Set<unknown>) { largest = Math.max(largest, this.size) }),
        watch(Array.prototype, 'push', function (this: unknown[]) { largest = Math.max(largest, this.length) })
      ]

      try {
        for (let i = 0; i < MANY; i++) {
          const want = next()
          const first = pick(strategy, want)

          if (first != null) {
            tell(strategy, first.id, want, 'block', PACE)
          }
        }
      } finally {
        for (const restore of unwatch) {
          restore()
        }
      }

      if (largest > subject.maxEntries) {
        throw broken(`after ${quantity(MANY)} blocks for as many clients one of its collections holds ${quantity(largest)} entries, more than ${quantity(subject.maxEntries)}: bound what is kept for each block and client`)
      }
    }, 1)
  }
}

/** Calls `look` after each call of the method, with the same `this`, until the result is called. */
function watch<T extends object> (owner: T, name: string & keyof T, look: (this: never) => void): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  const method: (...args: unknown[]) => unknown = before?.value

  Object.defineProperty(owner, name, {
    ...before,
    value (this: never, ...args: unknown[]) {
      const result = method.apply(this, args)
      look.call(this)

      return result
    }
  })

  return () => { Object.defineProperty(owner, name, { ...before }) }
}
