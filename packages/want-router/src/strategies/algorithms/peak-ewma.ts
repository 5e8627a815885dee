import { byLatency } from '../ranking/latency-strategy.ts'
import { latencyRules } from '../ranking/latency.ts'
import { FULL_SCAN } from '../ranking/least-cost.ts'
import type { LatencyInit } from '../ranking/latency.ts'
import type { StrategyFactory } from '../strategy.ts'

// ms above any latency, but finite: loads still tell such members apart
const PROBED = 1e9

/**
 * The member whose latency, times what it has in flight and this want, is least
 * for its weight. Latency is a moving average that decays by time and jumps to
 * every peak, so that a member is left as soon as it slows down and tried again
 * later (Finagle's peak EWMA; Linkerd's default).
 *
 * Latency is the time to a block or a have. A lack or an unknown says nothing
 * about speed, so an empty node does not look fast; still nothing is in flight at
 * a member that answers at once that it has nothing, so where that can happen
 * write `presence(peakEwma())`. Failures count as a latency, too: see
 * {@link LatencyInit.penalty}.
 *
 * A member of which nothing is known is asked one want at a time until it answers.
 * Up to 16 members all are compared, above that two drawn at random by weight.
 *
 * A pick costs an exponential for each member that is compared: under 0.5 µs.
 *
 * @throws {InvalidOptionError} if an option is not a number of ms above 0
 */
export function peakEwma (init: LatencyInit = {}): StrategyFactory {
  const latency = latencyRules('peak-ewma', init, true)

  return env => byLatency(env, latency, {
    weigh (turns, costs) {
      for (let i = 0; i < turns.length; i++) {
        const { weight, load } = turns[i].member
        const ms = costs[i] === 0 && load.wants > 0 ? PROBED : costs[i]
        costs[i] = ms * (load.wants + 1) / weight
      }
    },
    scan: FULL_SCAN
  })
}
