import { DEFAULT_STRATEGY } from '@kitsune/want-router'

/** How a bar is kept: strategies whose pick costs the same whatever the number of members, or grows with it. */
export type Cost = 'constant' | 'by-member'

export interface ScaleStrategy {
  readonly name: string
  /** As it is written in configurations. */
  readonly strategy: string
  readonly cost: Cost
  /** Whether it is measured with a million wants, too, which takes long. */
  readonly most: boolean
}

export const SCALE_STRATEGIES: readonly ScaleStrategy[] = [
  { name: 'round-robin', strategy: 'round-robin', cost: 'constant', most: true },
  { name: 'least-loaded', strategy: 'least-loaded', cost: 'constant', most: true },
  { name: 'peak-ewma', strategy: 'peak-ewma', cost: 'constant', most: false },
  { name: 'maglev', strategy: 'maglev', cost: 'constant', most: true },
  { name: 'rendezvous', strategy: 'rendezvous', cost: 'by-member', most: false },
  { name: 'default', strategy: DEFAULT_STRATEGY, cost: 'by-member', most: false }
]

/** So many clients with so many wants in all, open or waiting at the same time, at so many members. */
export interface ScaleCase {
  readonly clients: number
  readonly members: number
  readonly wants: number
}

/** Entries in each message of a client, and blocks that come between two flushes: the same in every case. */
export const MESSAGE = 10
/** Wants that a client may have, by default. */
export const MOST_A_CLIENT = 1024
/** Members of the case with members that are down, and how many of those there are. */
export const UP = 4
export const DOWN = 2_000
export const DOWN_CASE: ScaleCase = { clients: 100, members: UP, wants: 1_000 }

const CLIENTS = [1, 100, 10_000]
const MEMBERS = [4, 100]
const WANTS = [1_000, 100_000]
const MOST = 1_000_000

/** All cases of a strategy. Those of one strategy have the same clients and members one after the other. */
export function scaleCases ({ cost, most }: Pick<ScaleStrategy, 'cost' | 'most'>, quick = false): ScaleCase[] {
  const cases: ScaleCase[] = []

  // what grows with members is as well seen with few clients
  for (const clients of cost === 'constant' ? CLIENTS : CLIENTS.slice(0, -1)) {
    for (const members of MEMBERS) {
      const all = most && !quick && clients === Math.max(...CLIENTS) && members === Math.min(...MEMBERS) ? [...WANTS, MOST] : WANTS
      cases.push(...all.filter(wants => wants <= clients * MOST_A_CLIENT).map(wants => ({ clients, members, wants })))
    }
  }

  return cases
}
