import { NO_FAULT } from './acts.ts'
import { block } from './blocks.ts'
import { createDice } from './dice.ts'
import { drawLimits } from './limits.ts'
import { drawStrategy } from './strategy.ts'
import type { ClientAct, FaultMode, MembershipAct, WorldAct } from './acts.ts'
import type { Block } from './blocks.ts'
import type { Dice } from './dice.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'

/** A member as a seed draws it. */
export interface MemberDraw {
  readonly id: string
  readonly weight: number
  readonly labels: Readonly<Record<string, string>>
  /** Numbers of the blocks that it holds at first. */
  readonly holds: ReadonlySet<number>
  /** The client that the member also is. */
  readonly client?: string
  /** The name of its random stream; default: its id. */
  readonly stream?: string
}

/** A client as a seed draws it. */
export interface ClientDraw {
  readonly id: string
  readonly protocol: BitswapProtocol
  /** The peer that it says it stands for. */
  readonly standsFor?: string
}

/** Everything that a seed decides before the run begins. */
export interface Scenario {
  readonly strategy: string
  readonly limits: Partial<Limits>
  readonly blocks: readonly Block[]
  readonly members: readonly MemberDraw[]
  readonly clients: readonly ClientDraw[]
  readonly steps: number
  /** Want-haves for blocks that no member has, which are answered before the faults begin, so that the usual delay is known and hedges can be due. */
  readonly warmUp: number
  /** Share of wants that ask for a HAVE. */
  readonly haves: number
  /** The longest that a block takes to be verified, ms; 0: it is verified as it comes. */
  readonly verifying: number
  /** How likely each kind of event is, so that one run is all cancels and another all flapping. */
  readonly faultModes: Readonly<Record<FaultMode, number>>
  readonly clientActs: Readonly<Record<ClientAct, number>>
  readonly worldActs: Readonly<Record<WorldAct, number>>
}

const KIB = 1024

const PROTOCOLS: readonly BitswapProtocol[] = ['/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0']

/** Draws a scenario. The same random numbers give the same one. */
export function drawScenario (random: () => number): Scenario {
  const dice = createDice(random)
  const theme = dice.weighted(THEMES)
  const scenario = drawPlain(dice, theme)
  const { int, pick } = dice

  switch (theme) {
    case 'hedges':
      return {
        ...scenario,
        limits: { ...scenario.limits, hedgeShare: pick([0.2, 0.5]), retryBudget: 0.5 },
        warmUp: int(16, 32),
        haves: pick([0.6, 0.9]),
        faultModes: { ...scenario.faultModes, slow: 8 }
      }
    case 'failures':
      return {
        ...scenario,
        limits: { ...scenario.limits, retryBudget: pick([0, 0.1]), tries: 3, ejectAfter: 1000, wantsPerMember: 64, wantsPerClient: 60 },
        warmUp: 0,
        steps: int(20, 40),
        faultModes: { ...NO_FAULT, honest: 1, failing: 8 },
        worldActs: { ...scenario.worldActs, pass: 1 }
      }
    default:
      return scenario
  }
}

/** The subject of a run: nothing in particular, hedges (members that answer, and want-haves), or more failures than the retry budget allows. */
const THEMES = { plain: 4, hedges: 5, failures: 1 }

function drawPlain (dice: Dice, theme: keyof typeof THEMES): Scenario {
  const { chance, int, pick } = dice
  const sizes = pick([[0, 0], [0, 2000], [100, 100], [10, 16 * KIB], [4000, 6000]])
  const unverifiable = pick([0, 0, 0.1])
  const blocks = Array.from({ length: int(2, pick([6, 40])) }, (_, n) => block(n + 1, chance(0.05) ? 0 : int(sizes[0], sizes[1]), !chance(unverifiable)))
  const clients = drawClients(dice, theme === 'hedges')

  return {
    strategy: drawStrategy(dice),
    limits: drawLimits(dice),
    blocks,
    members: drawMembers(dice, blocks, clients, theme === 'hedges' ? 2 : 1),
    clients,
    steps: int(20, 160),
    warmUp: pick([0, 0, 16]),
    haves: pick([0.1, 0.4, 0.9]),
    verifying: pick([0, 0, 2, 50, 1000]),
    faultModes: { honest: 8, ...someOf({ slow: 4, silent: 2, forgetful: 2, failing: 2, ignorant: 1, boasting: 2, premature: 2, corrupt: 2, twice: 2, astray: 2 }, dice) },
    clientActs: { want: 12, ...someOf({ cancel: 4, mixed: 2, full: 2, huge: 1, again: 4, upgrade: 3, leave: 1, odd: 1, pace: 2, lose: 2, connection: 2 }, dice) },
    worldActs: { pass: 10, ...someOf({ up: 4, down: 2, capacity: 1, faults: 2, gain: 1, lose: 1, unsolicited: 2, load: 1, jump: 1, stall: 1 }, dice), drain: chance(0.2) ? 0.3 : 0, ...NO_CHANGE }
  }
}

const NO_CHANGE: Readonly<Record<MembershipAct, number>> = { join: 0, remove: 0, depart: 0, drainMember: 0, resumeMember: 0, reweigh: 0 }

/**
 * How often members join and leave; in most runs never.
 *
 * @param dice - draws from its own stream, so that it changes nothing in runs in which members stay
 */
export function drawChanges (dice: Dice): Readonly<Record<MembershipAct, number>> {
  return dice.chance(0.35) ? someOf({ join: 4, remove: 2, depart: 2, drainMember: 2, resumeMember: 2, reweigh: 1 }, dice) : NO_CHANGE
}

/** A member that joins. */
export function drawMember ({ chance, int, pick }: Dice, id: string, blocks: readonly Block[]): MemberDraw {
  const held = pick([0, 0.2, 0.5, 0.9])

  return {
    id,
    weight: pick([1, 1, 2, 0.5]),
    labels: { tier: String(int(0, 1)), zone: String(int(0, 1)) },
    holds: new Set(blocks.filter(({ verifiable }) => verifiable && chance(held)).map(({ n }) => n))
  }
}

function drawClients ({ chance, int, pick }: Dice, presences: boolean): ClientDraw[] {
  return Array.from({ length: int(1, pick([3, 8])) }, (_, i) => ({
    id: `c${i}`,
    protocol: presences && i === 0 ? PROTOCOLS[0] : pick(PROTOCOLS),
    standsFor: chance(0.1) ? `other${int(0, 1)}` : undefined
  }))
}

function drawMembers ({ chance, int, pick }: Dice, blocks: readonly Block[], clients: readonly ClientDraw[], least: number): MemberDraw[] {
  const held = pick([0.2, 0.5, 0.9])
  // balancers that are each other's nodes ask as a client, under its own name or under another
  const loops = chance(0.25)
  const names = [...new Set(clients.map(({ id, standsFor }) => standsFor ?? id))]

  return Array.from({ length: int(least, pick([3, 6])) }, (_, i) => {
    const client = loops && chance(0.5) ? names.splice(int(0, names.length - 1), 1)[0] : undefined

    return {
      id: `m${i}`,
      weight: pick([1, 1, 2, 0.5]),
      labels: { tier: String(int(0, 1)), zone: String(int(0, 1)) },
      holds: new Set(blocks.filter(({ verifiable }) => verifiable && chance(held)).map(({ n }) => n)),
      client
    }
  })
}

/** Leaves out about half, and changes how often the others happen. */
function someOf<T extends string> (most: Record<T, number>, { chance, pick }: Dice): Record<T, number> {
  const some = { ...most }

  for (const name of Object.keys(most) as T[]) {
    some[name] = chance(0.4) ? 0 : most[name] * pick([0.5, 1, 3])
  }

  return some
}

/** For people. */
export function printScenario (scenario: Scenario): string {
  return JSON.stringify({
    ...scenario,
    blocks: scenario.blocks.map(({ n, size }) => [n, size]),
    members: scenario.members.map(member => ({ ...member, holds: [...member.holds] }))
  })
}
