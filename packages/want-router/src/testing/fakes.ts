import { hashString } from '../engine/hash.ts'
import { seededRandom } from '../seeded-random.ts'
import type { Member, Outcome, Strategy, StrategyEnv, Want } from '../strategies/strategy.ts'

/** The seed of {@link fakeEnv} and {@link fakeWant} where none is given. */
export const SEED = 0x5eed

/** A {@link Member} that a test can load, weigh and eject. */
export interface FakeMember extends Member {
  weight: number
  state: Member['state']
  load: { wants: number, bytes: number }
  full: boolean
  pendingBytes: number
}

/**
 * A member as the engine shows it to strategies: unless `init` says otherwise idle, up, of
 * weight 1 and without labels.
 *
 * @example
 *
 * ```ts
 * import { fakeMember } from '@kitsune/want-router/testing'
 *
 * const busy = fakeMember('a', { weight: 2, load: { wants: 7, bytes: 1 << 20 } })
 * busy.state = 'ejected'
 * ```
 */
export function fakeMember (id: string, init: Partial<FakeMember> = {}): FakeMember {
  return { id, weight: 1, baseWeight: init.weight ?? 1, labels: {}, state: 'up', load: { wants: 0, bytes: 0 }, full: false, pendingBytes: 0, ...init }
}

/** Members that are alike: `member-0`, `member-1`, … */
export function fakeMembers (count: number, init?: (index: number) => Partial<FakeMember>): FakeMember[] {
  return Array.from({ length: count }, (_, i) => fakeMember(`member-${i}`, init?.(i)))
}

/**
 * A want for the block of this name: unless `init` says otherwise a first try, of type
 * block, that no member has answered.
 */
export function fakeWant (key: string | number, init: Partial<Want> = {}): Want {
  return {
    key: `${key}`,
    hash: hashString(`${key}`, SEED),
    type: 'block',
    client: 'client',
    tries: 0,
    said: () => undefined,
    ...init
  }
}

/** The outcome of an attempt: unless `init` says otherwise, a block of one byte after 1 ms. */
export function fakeOutcome (member: string, init: Partial<Outcome> = {}): Outcome {
  return { member, want: fakeWant('key'), result: 'block', ms: 1, bytes: 1, hedge: false, ...init }
}

/**
 * The environment that a strategy factory is given: seeded random numbers, and a clock
 * that stands still unless one is passed.
 *
 * @param seed - of the strategy and of its random numbers. Default {@link SEED}
 * @param clock - e.g. a `fakeClock()`
 */
export function fakeEnv (seed = SEED, clock: Pick<StrategyEnv, 'now'> = { now: () => 0 }): StrategyEnv {
  return { now: () => clock.now(), random: seededRandom(seed), seed }
}

/** The member that the engine would ask, if it could ask any. */
export function pick (strategy: Strategy, want: Want): Member | undefined {
  const [first] = strategy.rank(want)

  return first
}

/** The ids of a whole ranking, best first. */
export function ranking (strategy: Strategy, want: Want): string[] {
  return Array.from(strategy.rank(want), member => member.id)
}

/**
 * How often each member came first, as shares of 1.
 *
 * @param strategy - one that has its members
 * @param picks - the number of wants, each for another block
 * @param taken - called with each member that came first, e.g. to load it
 */
export function shares (strategy: Strategy, picks: number, taken: (member: Member) => void = () => {}): Map<string, number> {
  const counts = new Map<string, number>()

  for (let i = 0; i < picks; i++) {
    const member = pick(strategy, fakeWant(i))

    if (member != null) {
      counts.set(member.id, (counts.get(member.id) ?? 0) + 1)
      taken(member)
    }
  }

  return new Map(Array.from(counts, ([id, count]) => [id, count / picks]))
}
