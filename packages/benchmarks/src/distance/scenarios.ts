/** A client and a kubo that are far apart, and blocks enough for some seconds. */
export interface DistanceScenario {
  name: string
  /** How much the distance adds to a round trip, ms. */
  rtt: number
  /** Bytes a second that the line carries each way. Default: no limit. */
  bandwidth?: number
  /** Wants of 256 KiB that the client keeps open: as many as fit the line and all windows on it. */
  open: number
  /** Blocks that are measured. */
  blocks: number
  /** Blocks fetched before that, with as many wants open, so that windows have grown. */
  warmup: number
}

/** What stands between the client and kubo, and where the distance is. */
export type Leg = 'direct' | 'far-member' | 'far-client'

/** The baseline comes first. */
export const LEGS: readonly Leg[] = ['direct', 'far-member', 'far-client']

/** Bytes of each block: kubo's chunk. */
export const DISTANT_BLOCK = 256 * 1024

/**
 * kubo's default limits allow a client ten megabytes a second. They are raised,
 * so that a run measures the windows in between.
 */
export const RAISED_LIMITS = {
  Internal: {
    Bitswap: {
      TaskWorkerCount: 64,
      EngineTaskWorkerCount: 64,
      EngineBlockstoreWorkerCount: 128,
      MaxOutstandingBytesPerPeer: 64 * 1024 * 1024
    }
  }
}

/** The bandwidth of a server's line, bytes a second. Without a limit, over so short a distance, a run would compare cores and not windows. */
const GIGABIT = 125_000_000

/** The distances that are measured. */
export const DISTANCE_SCENARIOS: readonly DistanceScenario[] = [
  { name: 'far-20', rtt: 20, open: 256, blocks: 2_560, warmup: 1_024 },
  { name: 'far-20-gigabit', rtt: 20, bandwidth: GIGABIT, open: 256, blocks: 2_560, warmup: 1_024 },
  { name: 'far-100', rtt: 100, open: 256, blocks: 2_560, warmup: 1_024 },
  { name: 'far-250', rtt: 250, open: 256, blocks: 1_536, warmup: 1_024 }
]

/** The same scenario, shortened: figures for development, not for publishing. */
export function nearer (scenario: DistanceScenario): DistanceScenario {
  return { ...scenario, blocks: Math.ceil(scenario.blocks / 2) }
}
