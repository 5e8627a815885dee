/** Blocks of one size, each with its own request. */
export interface HttpScenario {
  name: string
  blockSize: number
  /** Requests, or wants, that the client keeps open. */
  open: number
  /** Blocks that are measured. */
  blocks: number
  /** Blocks fetched before that, with as many requests open. */
  warmup: number
}

/**
 * Which server is asked, and how: kubo's own gateway; the balancer in front of that kubo over bitswap, HTTP/1.1, HTTP/1.1 with TLS and HTTP/2;
 * and HEAD requests to the balancer for blocks that a member has just said it has.
 */
export type Door = 'kubo' | 'bitswap' | 'http1' | 'https1' | 'http2' | 'head'

/** The baseline comes first. */
export const DOORS: readonly Door[] = ['kubo', 'bitswap', 'http1', 'https1', 'http2', 'head']

/** The sizes of blocks for which HTTP is measured. */
export const HTTP_SCENARIOS: readonly HttpScenario[] = [
  { name: 'http-256k', blockSize: 256 * 1024, open: 32, blocks: 2_048, warmup: 1_024 },
  { name: 'http-1k', blockSize: 1024, open: 32, blocks: 20_000, warmup: 10_000 }
]

/** The same scenario, shortened: figures for development, not for publishing. */
export function fewer (scenario: HttpScenario): HttpScenario {
  return { ...scenario, blocks: Math.ceil(scenario.blocks / 4), warmup: Math.ceil(scenario.warmup / 4) }
}
