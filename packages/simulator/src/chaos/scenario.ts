import { parseStrategy } from '@kitsune/want-router'
import { block } from './blocks.ts'
import { dice } from './dice.ts'
import type { Block } from './blocks.ts'
import type { Dice } from './dice.ts'
import type { MemberMood } from './hostile-member.ts'
import type { PeerAct } from './hostile-peer.ts'
import type { Limits, StrategyFactory } from '@kitsune/want-router'

/** What befalls the members and the clock. */
export type WorldAct = 'down' | 'up' | 'capacity' | 'mood' | 'gain' | 'lose' | 'unsolicited' | 'load' | 'drain' | 'jump' | 'pass'

/** All that a seed decides before the history begins. */
export interface Scenario {
  readonly strategy: string
  readonly limits: Partial<Limits>
  readonly blocks: readonly Block[]
  readonly members: ReadonlyArray<{ readonly id: string, readonly weight: number, readonly labels: Readonly<Record<string, string>>, readonly holds: ReadonlySet<number> }>
  readonly peers: readonly string[]
  readonly steps: number
  /** Share of wants that ask for a HAVE. */
  readonly haves: number
  /** How likely each kind of thing is, so that one history is all cancels and another all flapping. */
  readonly moods: Readonly<Record<MemberMood, number>>
  readonly peerActs: Readonly<Record<PeerAct, number>>
  readonly worldActs: Readonly<Record<WorldAct, number>>
}

const STRATEGIES = ['round-robin', 'rendezvous', 'least-loaded', 'bounded-load(rendezvous)', 'tiers(least-loaded)']

const KIB = 1024

export function drawScenario (random: () => number): Scenario {
  const { chance, int, pick } = dice(random)
  const weights = <T extends string>(most: Record<T, number>): Record<T, number> => someOf(most, { chance, int, pick, weighted: dice(random).weighted })

  const sizes = pick([[10, 2000], [100, 100], [10, 16 * KIB], [4000, 6000]])
  const blocks = Array.from({ length: int(2, pick([6, 40])) }, (_, n) => block(n + 1, int(sizes[0], sizes[1])))
  const held = pick([0.2, 0.5, 0.9])

  return {
    strategy: pick(STRATEGIES),
    limits: drawLimits(dice(random)),
    blocks,
    members: Array.from({ length: int(1, pick([3, 6])) }, (_, i) => ({
      id: `m${i}`,
      weight: pick([1, 1, 2, 0.5]),
      labels: { tier: String(int(0, 1)) },
      holds: new Set(blocks.filter(() => chance(held)).map(({ n }) => n))
    })),
    peers: Array.from({ length: int(1, pick([3, 8])) }, (_, i) => `p${i}`),
    steps: int(20, 160),
    haves: pick([0.1, 0.4, 0.9]),
    moods: { honest: 8, ...weights({ slow: 4, silent: 2, forgetful: 2, failing: 2, ignorant: 1, boasting: 2, lacking: 2, corrupt: 2, twice: 2, astray: 2 }) },
    peerActs: { want: 12, ...weights({ cancel: 4, mixed: 2, full: 2, huge: 1, again: 4, upgrade: 3, leave: 1, odd: 1, pace: 2, lose: 2 }) },
    worldActs: { pass: 10, ...weights({ up: 4, down: 2, capacity: 1, mood: 2, gain: 1, lose: 1, unsolicited: 2, load: 1, drain: 0, jump: 1 }), drain: chance(0.2) ? 0.3 : 0 }
  }
}

export function strategyOf ({ strategy }: Scenario): StrategyFactory {
  return parseStrategy(strategy)
}

/** Leaves out about half, and changes how often the others happen. */
function someOf<T extends string> (most: Record<T, number>, { chance, pick }: Dice): Record<T, number> {
  const some = { ...most }
  for (const name of Object.keys(most) as T[]) {
    some[name] = chance(0.4) ? 0 : most[name] * pick([0.5, 1, 3])
  }
  return some
}

/** Mostly so small that each is reached. */
function drawLimits ({ chance, int, pick }: Dice): Partial<Limits> {
  const limits: Partial<Limits> = {}
  const maybe = (draw: () => Partial<Limits>): void => {
    if (chance(0.6)) {
      Object.assign(limits, draw())
    }
  }

  maybe(() => ({ wantsPerClient: int(2, 20) }))
  maybe(() => ({ wantLifetime: pick([20_000, 60_000, 300_000]) }))
  maybe(() => {
    const unsentPerClient = int(2, 20) * KIB
    return { unsentPerClient, inFlightPerClient: unsentPerClient * int(1, 8) }
  })
  maybe(() => ({ unsent: int(8, 60) * KIB, unreadTimeout: pick([1000, 10_000]) }))
  maybe(() => ({ wantsPerMember: int(1, 8) }))
  maybe(() => {
    const minBytesPerMember = int(2, 20) * KIB
    return { minBytesPerMember, maxBytesPerMember: minBytesPerMember * int(1, 4) }
  })
  maybe(() => ({ standingPerMember: int(0, 4) }))
  maybe(() => ({ inFlight: int(8, 64) * KIB }))
  maybe(() => ({ expectedBlock: int(1, 8) * KIB }))
  maybe(() => ({ inlineBlock: pick([0, 100, 2000]) }))
  maybe(() => ({ minTimeout: 100, firstTimeout: int(200, 2000), maxTimeout: int(2000, 5000) }))
  maybe(() => ({ tries: int(1, 3) }))
  maybe(() => ({ retryBudget: pick([0, 0.1, 0.5]) }))
  maybe(() => ({ askAgainAfter: int(2, 20) * 1000 }))
  maybe(() => ({ forgetDownAfter: int(2, 30) * 1000 }))
  maybe(() => ({ ejectAfter: int(1, 5) }))
  maybe(() => {
    const ejection = int(1, 20) * 1000
    return { ejection, maxEjection: ejection * int(1, 5), slowStart: int(1, 10) * 1000 }
  })
  maybe(() => ({ hedgeShare: pick([0, 0.2, 0.5]), minHedge: pick([0, 1, 50]) }))
  maybe(() => ({ panic: pick([0, 0.3, 0.7]) }))
  return limits
}
