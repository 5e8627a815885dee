import { createLatencyStrategy } from '../ranking/latency-strategy.ts'
import { createLatencyEstimator } from '../ranking/latency.ts'
import { FULL_SCAN } from '../ranking/least-cost.ts'
import type { LatencyInit } from '../ranking/latency.ts'
import type { StrategyFactory } from '../strategy.ts'

// ms, above any latency, but finite, so that loads still order such members
const PROBED = 1e9

/**
 * The member whose latency, times its wants in flight with this one, is least in
 * proportion to its weight. Latency is a moving average that decays by time and jumps
 * to every peak, so that a member is left as soon as it slows down and tried again
 * later (Finagle's peak EWMA; Linkerd's default).
 *
 * Latency is the time to a block or a HAVE. A DONT_HAVE or an unknown says nothing about
 * speed, so an empty node does not look fast; but since it answers at once, nothing is
 * in flight there, so write `presence(peakEwma())` where nodes may be empty. Failures
 * count as a latency, too: see {@link LatencyInit.penalty}.
 *
 * A member about which nothing is known is asked one want at a time until it answers.
 * Up to 16 members, all are compared; above that, two drawn at random by weight.
 *
 * A pick costs an exponential for each member that is compared: under 0.5 µs.
 *
 * @throws {InvalidOptionError} if an option is not a number of ms above 0
 */
export function peakEwma (init: LatencyInit = {}): StrategyFactory {
  const latency = createLatencyEstimator('peak-ewma', init, true)

  return env => createLatencyStrategy(env, latency, {
    weigh (entries, costs, from, to) {
      for (let i = from; i < to; i++) {
        const { weight, load } = entries[i].member
        const ms = costs[i] === 0 && load.wants > 0 ? PROBED : costs[i]
        costs[i] = ms * (load.wants + 1) / weight
      }
    },
    scan: FULL_SCAN
  })
}
