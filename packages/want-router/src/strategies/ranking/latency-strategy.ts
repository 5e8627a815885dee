import { unknownLatency } from './latency.ts'
import { takingTurns } from './least-cost.ts'
import type { Latency, LatencyRules } from './latency.ts'
import type { Strategy, StrategyEnv } from '../strategy.ts'
import type { TurnsInit } from './least-cost.ts'

/**
 * A strategy that goes by what it learns of its members' latency: `weigh` finds in
 * `costs` what each is believed to take, ms, 0 if nothing is known, and makes its
 * cost of that.
 */
export function byLatency (env: StrategyEnv, latency: LatencyRules, { weigh, scan }: Omit<TurnsInit<Latency>, 'learn'>): Strategy {
  const strategy = takingTurns<Latency>(env, {
    learn: unknownLatency,
    weigh (turns, costs) {
      latency.estimate(turns, costs, env.now())
      weigh(turns, costs)
    },
    scan
  })

  return {
    update: members => { strategy.update(members) },
    rank: want => strategy.rank(want),

    observe (outcome) {
      const turn = strategy.turns.get(outcome.member)

      if (turn != null) {
        latency.learn(turn.known, outcome, env.now(), strategy.turns.values())
      }
    }
  }
}
