import { parseStrategy } from '@kitsune/want-router'
import { parseScenario } from '../src/scenario/parser.ts'
import { simulate } from '../src/simulation.ts'
import { KNOWN } from '../src/strategies.ts'
import type { RunResult } from '../src/metrics/result.ts'
import type { Scenario } from '../src/scenario/schema.ts'

/** A scenario with only the parameters that matter to a test. */
export function scenarioOf (init: Partial<Scenario>): Scenario {
  return {
    name: 'test',
    title: 'A test',
    duration: 60_000,
    members: [{ id: 'node', count: 4 }],
    clients: [{ id: 'peer', count: 5, arrivals: { kind: 'poisson', rate: 50 }, popularity: { kind: 'new' } }],
    ...init
  }
}

export function runOf (scenario: Scenario, strategy = 'round-robin', { seed = 1, variant }: { seed?: number, variant?: string } = {}): RunResult {
  return simulate({ scenario: parseScenario(scenario), strategy: { name: strategy, factory: parseStrategy(strategy, KNOWN) }, seed, variant })
}
