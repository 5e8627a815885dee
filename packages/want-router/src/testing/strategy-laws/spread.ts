import { fakeEnv, fakeMember, fakeMembers, fakeWant, pick, ranking } from '../fakes.ts'
import { below, broken, cases, percent, quantity, show, showIds, showWant, shuffled, someMembers } from './law.ts'
import type { StrategyLawRule, Subject } from './law.ts'
import type { Strategy, Want } from '../../strategies/strategy.ts'
import type { FakeMember } from '../fakes.ts'

const WANTS = 100_000
const TOLERANCE = 0.01
const BLOCK = 1 << 16
const LATENCY = 10

/**
 * Checks the first places among members that differ only by weight, with a constant
 * number of wants in flight, each of which is answered by a block after 10 ms.
 */
function checkShares ({ factory, seed }: Subject, members: FakeMember[], inFlight: number): void {
  let time = 0
  const strategy = factory(fakeEnv(seed, { now: () => time }))
  strategy.update([...members])
  const counts = new Map<FakeMember, number>()
  const flying: Array<{ member: FakeMember, want: Want }> = []
  const total = members.reduce((sum, { weight }) => sum + weight, 0)

  for (let i = 0; i < WANTS; i++) {
    // each of another client: a strategy that gives clients a home must spread clients
    const want = fakeWant(i, { client: `peer-${i}` })
    const first = pick(strategy, want)
    const member = members.find(({ id }) => id === first?.id)
    time += LATENCY / inFlight

    if (member != null) {
      counts.set(member, (counts.get(member) ?? 0) + 1)
      member.load.wants++
      member.load.bytes += BLOCK
      const slot = i % inFlight
      const ended = flying[slot]
      flying[slot] = { member, want }
      answer(strategy, inFlight === 1 ? flying[slot] : ended)
    }
  }

  for (const member of members) {
    const share = (counts.get(member) ?? 0) / WANTS
    const expected = member.weight / total

    if (Math.abs(share - expected) > TOLERANCE) {
      const load = inFlight === 1 ? 'one at a time' : `${quantity(inFlight)} in flight`
      const weights = members.map(({ id, weight }) => `"${id}" ${weight}`).join(', ')
      throw broken(`of ${quantity(WANTS)} wants, ${load}, "${member.id}" came first for ${percent(share)}, not for ${percent(expected)} within one percentage point; weights: ${weights}`)
    }
  }

  function answer (strategy: Strategy, ended: { member: FakeMember, want: Want } | undefined): void {
    if (ended != null) {
      ended.member.load.wants--
      ended.member.load.bytes -= BLOCK
      strategy.observe?.({ member: ended.member.id, want: ended.want, result: 'block', ms: LATENCY, bytes: BLOCK, hedge: false })
    }
  }
}

function few (): FakeMember[] {
  return [fakeMember('a', { weight: 5 }), fakeMember('b', { weight: 3 }), fakeMember('c'), fakeMember('d')]
}

/** More than a strategy scans in full. */
function many (): FakeMember[] {
  return fakeMembers(20, i => ({ weight: [5, 3, 1, 1][i % 4] }))
}

/** Weights are shares of wants. */
export const shares: StrategyLawRule = {
  title: `gives idle members that are alike first places by weight, within a percentage point of ${quantity(WANTS)}`,
  check (subject) {
    cases(subject, () => {
      checkShares(subject, few(), 1)
      checkShares(subject, many(), 1)
    }, 1)
  }
}

/** As `shares`, with a thousand wants in flight. */
export const sharesUnderLoad: StrategyLawRule = {
  title: 'gives busy members that are alike first places by weight, within a percentage point',
  check (subject) {
    cases(subject, () => {
      checkShares(subject, few(), 1000)
      checkShares(subject, many(), 1000)
    }, 1)
  }
}

/** Replicas that learn of members in different orders must choose the same member for a key. For strategies that choose by key. */
export const inputOrder: StrategyLawRule = {
  title: 'ranks the same in every order of the members, and for all random numbers',
  check (subject) {
    cases(subject, (random, seed) => {
      const members = someMembers(subject, random, 2 + below(random, 12))
      const other = shuffled(random, members)
      // replicas share the seed and nothing else
      const here = subject.factory(fakeEnv(subject.seed))
      const there = subject.factory({ ...fakeEnv(subject.seed), random: fakeEnv(seed + 1).random })
      here.update([...members])
      there.update([...other])

      for (let i = 0; i < 10; i++) {
        const want = fakeWant(`key-${i}`)
        const [ids, expected] = [ranking(there, want), ranking(here, want)]

        if (ids.join('\n') !== expected.join('\n')) {
          throw broken(`it ranked ${showIds(ids)} when members came as ${showIds(other.map(({ id }) => id))}, and ${showIds(expected)} when they came as ${showIds(members.map(({ id }) => id))}; ${showWant(want)}`)
        }
      }
    })
  }
}

const KEYS = 10_000

/** A key that moves finds a cold cache. For strategies that choose by key. */
export const minimalDisruption: StrategyLawRule = {
  title: 'moves only the keys of a member that leaves, and to one that joins only its share',
  check (subject) {
    cases(subject, random => {
      const members = fakeMembers(10)
      const leaver = members[below(random, members.length)]
      const strategy = subject.factory(fakeEnv(subject.seed))

      const before = firsts(strategy, members)
      const without = firsts(strategy, members.filter(member => member !== leaver))
      const moved = before.filter((id, key) => id !== leaver.id && id !== without[key]).length
      checkMoves(moved, `without "${leaver.id}", one of ${members.length}, of the keys of others`, subject)

      const back = firsts(strategy, members)
      const lost = before.filter((id, key) => id !== back[key]).length
      checkMoves(lost, `after "${leaver.id}" had left and come back, of all keys`, { collateral: 0 })

      const joined = firsts(strategy, [...members, fakeMember('new')])
      const astray = before.filter((id, key) => joined[key] !== id && joined[key] !== 'new').length
      checkMoves(astray, 'with an 11th member, of the keys that it did not get,', subject)

      const got = joined.filter(id => id === 'new').length / KEYS

      if (Math.abs(got - 1 / 11) > 0.02) {
        throw broken(`a new member got ${percent(got)} of the keys, not its share of ${percent(1 / 11)}; ${show(members)}`)
      }
    }, Math.min(subject.runs, 3))
  }
}

function firsts (strategy: Strategy, members: readonly FakeMember[]): string[] {
  strategy.update([...members])

  return Array.from({ length: KEYS }, (_, key) => pick(strategy, fakeWant(key))?.id ?? '')
}

function checkMoves (moved: number, when: string, { collateral }: Pick<Subject, 'collateral'>): void {
  if (moved > collateral * KEYS) {
    throw broken(`${when} ${quantity(moved)} of ${quantity(KEYS)} moved${collateral > 0 ? `, but at most ${percent(collateral)} may` : ''}`)
  }
}
