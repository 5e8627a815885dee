import { hashString } from '../../src/engine/hash.ts'
import { seededRandom } from '../../src/seeded-random.ts'
import type { Member, Outcome, Strategy, StrategyEnv, Want } from '../../src/strategies/strategy.ts'

/** A member that a test can load and eject. */
export interface FakeMember extends Member {
  weight: number
  state: Member['state']
  load: { wants: number, bytes: number }
  pendingBytes: number
}

export function fakeMember (id: string, init: Partial<FakeMember> = {}): FakeMember {
  return { id, weight: 1, baseWeight: init.weight ?? 1, labels: {}, state: 'up', load: { wants: 0, bytes: 0 }, pendingBytes: 0, ...init }
}

export function fakeMembers (count: number): FakeMember[] {
  return Array.from({ length: count }, (_, i) => fakeMember(`member-${i}`))
}

export function fakeWant (key: string | number, init: Partial<Want> = {}): Want {
  return {
    key: `${key}`,
    hash: hashString(`${key}`, SEED),
    type: 'block',
    peer: 'peer',
    attempt: 0,
    said: () => undefined,
    ...init
  }
}

export const SEED = 0x5eed

export function fakeEnv (seed = SEED, clock: Pick<StrategyEnv, 'now'> = { now: () => 0 }): StrategyEnv {
  return { now: () => clock.now(), random: seededRandom(seed), seed }
}

export function fakeOutcome (member: string, init: Partial<Outcome> = {}): Outcome {
  return { member, want: fakeWant('key'), result: 'block', ms: 1, bytes: 1, speculative: false, ...init }
}

/** The member that the engine would ask when it can ask any. */
export function pick (strategy: Strategy, want: Want): Member | undefined {
  const [first] = strategy.rank(want)
  return first
}

export function ranking (strategy: Strategy, want: Want): string[] {
  return Array.from(strategy.rank(want), member => member.id)
}

/** How often each member came first, as shares of 1. */
export function shares (strategy: Strategy, picks: number, taken: (member: Member) => void = () => {}): Map<string, number> {
  const counts = new Map<string, number>()

  for (let i = 0; i < picks; i++) {
    const member = pick(strategy, fakeWant(i))

    if (member != null) {
      counts.set(member.id, (counts.get(member.id) ?? 0) + 1 / picks)
      taken(member)
    }
  }

  return counts
}
