import { createLatency } from './latency.ts'
import { createLeastCostStrategy } from './least-cost.ts'
import type { Latency, LatencyEstimator } from './latency.ts'
import type { Strategy, StrategyEnv } from '../strategy.ts'
import type { LeastCostInit } from './least-cost.ts'

/**
 * Makes a strategy that ranks members by their estimated latency. `weigh` finds the
 * estimates in `costs`, ms, 0 where nothing is known, and replaces each by a cost.
 */
export function createLatencyStrategy (env: StrategyEnv, latency: LatencyEstimator, { weigh, scan }: Omit<LeastCostInit<Latency>, 'create'>): Strategy {
  const strategy = createLeastCostStrategy<Latency>(env, {
    create: createLatency,
    weigh (entries, costs, from, to) {
      latency.estimate(entries, costs, from, to, env.now())
      weigh(entries, costs, from, to)
    },
    scan
  })

  return {
    update: members => { strategy.update(members) },
    rank: want => strategy.rank(want),

    observe (outcome) {
      const entry = strategy.entries.get(outcome.member)

      if (entry != null) {
        latency.learn(entry.known, outcome, env.now(), strategy.entries.values())
      }
    }
  }
}
