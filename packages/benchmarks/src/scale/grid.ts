import { DEFAULT_STRATEGY } from '@kitsune/want-router'

/** Whether the cost of a pick is constant or grows with the number of members. */
export type Cost = 'constant' | 'by-member'

/** A strategy whose cost is measured, and how that cost may grow. */
export interface ScaleStrategy {
  readonly name: string
  /** As it is written in configurations. */
  readonly strategy: string
  readonly cost: Cost
  /** Also measure it with a million wants. */
  readonly most: boolean
}

/** The strategies whose cost is measured. */
export const SCALE_STRATEGIES: readonly ScaleStrategy[] = [
  { name: 'round-robin', strategy: 'round-robin', cost: 'constant', most: true },
  { name: 'least-loaded', strategy: 'least-loaded', cost: 'constant', most: true },
  { name: 'peak-ewma', strategy: 'peak-ewma', cost: 'constant', most: false },
  { name: 'maglev', strategy: 'maglev', cost: 'constant', most: true },
  { name: 'rendezvous', strategy: 'rendezvous', cost: 'by-member', most: false },
  { name: 'default', strategy: DEFAULT_STRATEGY, cost: 'by-member', most: false }
]

/** The size of a case. `wants` are those of all clients together, which the engine has at the same time. */
export interface ScaleCase {
  readonly clients: number
  readonly members: number
  readonly wants: number
}

/** Wants per message of a client, and blocks per flush. It is the same in every case, because large messages are cheaper per want. */
export const MESSAGE = 10
/** The default limit of wants per client. */
export const MOST_A_CLIENT = 1024
/** How many members are up, and how many are down, in the case with members that are down. */
export const UP = 4
/** How many members are down in that case. */
export const DOWN = 2_000
/** The case that is measured with and without members that are down. */
export const DOWN_CASE: ScaleCase = { clients: 100, members: UP, wants: 1_000 }

const CLIENTS = [1, 100, 10_000]
const MEMBERS = [4, 100]
const WANTS = [1_000, 100_000]
const MOST = 1_000_000

/** All cases of a strategy. Cases with the same clients and members are consecutive. */
export function scaleCases ({ cost, most }: Pick<ScaleStrategy, 'cost' | 'most'>, quick = false): ScaleCase[] {
  const cases: ScaleCase[] = []

  // the cost per member shows with few clients, too
  for (const clients of cost === 'constant' ? CLIENTS : CLIENTS.slice(0, -1)) {
    for (const members of MEMBERS) {
      const all = most && !quick && clients === Math.max(...CLIENTS) && members === Math.min(...MEMBERS) ? [...WANTS, MOST] : WANTS
      cases.push(...all.filter(wants => wants <= clients * MOST_A_CLIENT).map(wants => ({ clients, members, wants })))
    }
  }

  return cases
}
