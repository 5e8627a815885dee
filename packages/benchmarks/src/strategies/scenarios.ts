/** Four kubos behind the balancer, one client or many, and the strategies to compare. */
export interface StrategyScenario {
  name: string
  /** A description above the table. */
  about: string
  /** For each node: whether it holds the blocks, and how much its line adds to a round trip, ms. */
  nodes: ReadonlyArray<{ holds: 'everything' | 'nothing', delay?: number }>
  /** As in `--strategy`. The baseline comes first. */
  strategies: readonly string[]
  /** Peers that ask, each on its own connection. */
  clients: number
  /** Wants that each keeps open. */
  open: number
  /** Distinct blocks, of 256 bytes. */
  blocks: number
  /** `once`: each block once, in another order for each run; `zipf`: the i-th block with a probability in proportion to 1/i. */
  popularity: 'once' | 'zipf'
  /** Wants of all clients together that come first and are not counted. */
  warmup: number
  /** Those that are counted. */
  wants: number
}

/** Bytes of each block in these scenarios. */
export const BLOCK_SIZE = 256

const WHOLE = { holds: 'everything' } as const

/** The figures of docs/strategies.md that are confirmed with real nodes. */
export const STRATEGY_SCENARIOS: readonly StrategyScenario[] = [
  {
    name: 'slow-node',
    about: 'One of four kubos is behind a TCP proxy that adds 200 ms to a round trip. One client keeps 8 wants open.',
    nodes: [WHOLE, WHOLE, WHOLE, { ...WHOLE, delay: 200 }],
    strategies: ['round-robin', 'random', 'rendezvous', 'bounded-load(rendezvous)', 'least-loaded', 'hot-cold', 'peak-ewma'],
    clients: 1,
    open: 8,
    blocks: 800,
    popularity: 'once',
    warmup: 200,
    wants: 600
  },
  {
    name: 'black-hole',
    about: 'One of four kubos is empty; the lines of the other three add 20 ms to a round trip, as reading a disk would, so that the empty one is the fastest. One client keeps 8 wants open; what strategies learn of the node is learned in what is counted.',
    nodes: [...[1, 2, 3].map(() => ({ ...WHOLE, delay: 20 })), { holds: 'nothing' }],
    strategies: [
      'round-robin', 'presence(round-robin)',
      'least-loaded', 'presence(least-loaded)',
      'peak-ewma', 'presence(peak-ewma)',
      'hot-cold', 'presence(hot-cold)',
      'bounded-load(presence(rendezvous))'
    ],
    clients: 1,
    open: 8,
    blocks: 1_000,
    popularity: 'once',
    warmup: 0,
    wants: 1_000
  },
  {
    name: 'hot-key',
    about: 'Sixteen clients, each of which asks for one block at a time by Zipf\'s law with exponent 1 over 2,000 blocks. Each line adds 20 ms to a round trip, so that wants are open for longer than it takes to ask.',
    nodes: [1, 2, 3, 4].map(() => ({ ...WHOLE, delay: 20 })),
    strategies: ['rendezvous', 'bounded-load(rendezvous)', 'round-robin'],
    clients: 16,
    open: 1,
    blocks: 2_000,
    popularity: 'zipf',
    warmup: 320,
    wants: 3_200
  }
]

/** The same scenario, shortened: figures for development, not for publishing. */
export function shortened (scenario: StrategyScenario): StrategyScenario {
  return { ...scenario, wants: Math.ceil(scenario.wants / 4) }
}
