/** Blocks of one size that are asked of a new Worker. */
export interface EdgeScenario {
  readonly name: string
  readonly blockSize: number
  /** Wants that each connection keeps open. */
  readonly open: number
  /** Blocks that each connection asks for: the same ones, in the order of the CAR. */
  readonly blocks: number
  readonly connections: number
  /** The isolate's memory is looked at after collections, so garbage does not count, and the rates mean nothing. Default: false. */
  readonly collects?: boolean
}

/** The loads of the edge server that are measured. */
export const EDGE_SCENARIOS: readonly EdgeScenario[] = [
  { name: 'edge-256k', blockSize: 256 << 10, open: 8, blocks: 400, connections: 1 },
  { name: 'edge-1k', blockSize: 1 << 10, open: 32, blocks: 20_000, connections: 1 },
  { name: 'edge-first', blockSize: 256 << 10, open: 1000, blocks: 1000, connections: 1 },
  // Hoverboard sent all of these within 3.4 s although it was not faster than in other cases: the blocks are small
  { name: 'edge-crowd', blockSize: 1 << 10, open: 50, blocks: 50, connections: 40 },
  { name: 'edge-200', blockSize: 256 << 10, open: 8, blocks: 20, connections: 200 },
  { name: 'edge-200-collected', blockSize: 256 << 10, open: 8, blocks: 20, connections: 200, collects: true }
]

/** The same scenario, shortened: figures for development, not for publishing. */
export function fewerEdge (scenario: EdgeScenario): EdgeScenario {
  return { ...scenario, blocks: Math.ceil(scenario.blocks / 4), connections: Math.ceil(scenario.connections / 4) }
}

/**
 * The figures of Hoverboard v2, commit 82260b5, on two cores, with stubs that have no latency. Its cost is at the same prices: a read of KV for
 * each block, a read of the bucket for every ninth at best, and its CPU time.
 */
export const HOVERBOARD: Readonly<Record<string, string>> = {
  'edge-256k': '27 MB/s, 35 s/GiB, $0.71',
  'edge-1k': '777 blocks/s, 1.04 ms/block, $0.56',
  'edge-first': 'first after 6,600 ms',
  'edge-crowd': 'p99 3,400 ms'
}
