import { hashString } from '../../engine/hash.ts'
import { seededRandom } from '../../seeded-random.ts'
import { fakeEnv, fakeWant } from '../fakes.ts'
import { below, oneOf, shuffled, someMembers } from './law.ts'
import type { Random, Subject } from './law.ts'
import type { Member, Outcome, Want } from '../../strategies/strategy.ts'
import type { FakeMember } from '../fakes.ts'

/** A ranking, as far as it was asked for. */
export interface Ranked {
  readonly members: readonly FakeMember[]
  readonly want: Want
  readonly ids: readonly string[]
  /** Whether it was consumed to the end. */
  readonly whole: boolean
}

interface RandomRunInit {
  readonly seed: number
  /** Whether members come and go. */
  readonly changing?: boolean
  /** Whether all rankings are consumed to the end. */
  readonly whole?: boolean
  readonly steps?: number
}

const RESULTS: ReadonlyArray<Outcome['result']> = ['block', 'block', 'block', 'have', 'dont-have', 'unknown', 'failed', 'timeout', 'cancelled']

// so few that some members are full
const PLACES = 3

interface Attempt {
  readonly member: FakeMember
  readonly want: Want
  readonly since: number
  readonly bytes: number
}

/**
 * A strategy in an engine whose members do random things: loads and states change,
 * rankings are consumed to the first, the third or the end, outcomes come late and out
 * of order. Two runs with the same seed do the same.
 */
export function * randomRun (subject: Subject, { seed, changing = false, whole = false, steps = 60 }: RandomRunInit): Generator<Ranked> {
  const random = seededRandom(seed ^ 0x9e3779b9)
  let time = 0
  const strategy = subject.factory(fakeEnv(seed, { now: () => time }))
  // few, and sometimes more than a strategy scans in full
  const pool = someMembers(subject, random, random() < 0.8 ? below(random, 14) : 17 + below(random, 20))
  const attempts: Attempt[] = []
  const present = (): FakeMember[] => changing ? shuffled(random, pool).slice(0, below(random, pool.length + 1)) : pool
  let members = present()
  strategy.update([...members])

  function rank (want: Want): Ranked {
    const most = whole || random() < 0.3 ? Infinity : oneOf(random, [1, 1, 2, 3])
    const ids: string[] = []

    for (const { id } of strategy.rank(want)) {
      ids.push(id)
      const member = members.find(member => member.id === id)

      if (member != null && random() < 0.7) {
        attempts.push(ask(random, member, want, time))
      }

      // a broken strategy may never end
      if (ids.length >= most || ids.length > 2 * pool.length) {
        return { members, want, ids, whole: false }
      }
    }

    return { members, want, ids, whole: true }
  }

  for (let step = 0; step < steps; step++) {
    time += below(random, 50)

    if (random() < 0.1) {
      changeStates(random, pool)
      members = present()
      strategy.update([...members])
    }

    yield rank(someWant(random))

    while (attempts.length > 0 && random() < 0.55) {
      const [attempt] = attempts.splice(below(random, attempts.length), 1)
      strategy.observe?.(end(random, attempt, time))
    }
  }
}

function changeStates (random: Random, members: readonly FakeMember[]): void {
  for (const member of members) {
    member.state = oneOf(random, ['up', 'up', 'ejected', 'draining'])
    // slow start
    member.weight = member.baseWeight * oneOf(random, [1, 1, 0.1, 0.1 + 0.9 * random()])
  }
}

function ask (random: Random, member: FakeMember, want: Want, since: number): Attempt {
  const bytes = want.type === 'block' ? below(random, 1 << 18) : 0
  member.load.wants++
  member.full = member.load.wants >= PLACES
  member.load.bytes += bytes

  return { member, want, since, bytes }
}

function end (random: Random, { member, want, since, bytes }: Attempt, time: number): Outcome {
  const result = oneOf(random, RESULTS)
  member.load.wants--
  member.full = member.load.wants >= PLACES
  member.load.bytes -= bytes
  member.pendingBytes = random() < 0.5 ? 0 : below(random, 1 << 22)

  return { member: member.id, want, result, ms: time - since, bytes: result === 'block' ? bytes : 0, hedge: random() < 0.1 }
}

function someWant (random: Random): Want {
  // some blocks and clients come back, some are new
  const key = random() < 0.5 ? `hot-${below(random, 5)}` : `key-${below(random, 2 ** 30)}`
  const said = new Map<string, 'have' | 'dont-have' | 'failed' | undefined>()

  return fakeWant(key, {
    hash: oneOf(random, [0, 2 ** 32 - 1, hashString(key, 1), hashString(key, 2), hashString(key, 3)]),
    type: random() < 0.3 ? 'have' : 'block',
    client: `client-${below(random, 6)}`,
    tries: below(random, 3),
    said (member) {
      if (!said.has(member)) {
        said.set(member, oneOf(random, ['have', 'dont-have', 'failed', undefined, undefined]))
      }

      return said.get(member)
    }
  })
}

/** The first id that is unknown or appears twice; undefined if there is none. */
export function intruder (ids: readonly string[], members: readonly Member[]): string | undefined {
  const seen = new Set<string>()

  for (const id of ids) {
    if (seen.has(id)) {
      return `"${id}" twice`
    }

    if (!members.some(member => member.id === id)) {
      return `"${id}", which is not a member`
    }

    seen.add(id)
  }
}
