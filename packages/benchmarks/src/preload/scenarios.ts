/** A file of a client, taken by a node through the balancer, and by another node from the client itself. */
export interface PreloadScenario {
  name: string
  client: 'helia' | 'kubo'
  bytes: number
  /** The share of a pin's rate that a preload must reach. */
  least: number
}

/** The clients whose files are preloaded. */
export const PRELOAD_SCENARIOS: readonly PreloadScenario[] = [
  { name: 'preload-helia', client: 'helia', bytes: 2 ** 30, least: 0.8 },
  { name: 'preload-kubo', client: 'kubo', bytes: 2 ** 30, least: 0.6 }
]

/** The same scenario with a small file: figures for development, not for publishing. */
export function smaller (scenario: PreloadScenario): PreloadScenario {
  return { ...scenario, bytes: scenario.bytes / 16 }
}
