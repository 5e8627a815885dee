import { InvalidOptionError } from '../errors.ts'
import { takingTurns } from './turns.ts'
import type { Outcome, StrategyFactory } from './strategy.ts'

export interface PeakEwmaInit {
  /**
   * How long a latency is remembered, ms: after so much time it weighs 1/e. A
   * member that was slow is tried again once its estimate has decayed to that of
   * the others: after 5 times as long, if it was 150 times as slow. Default
   * 10,000, as in Finagle.
   */
  decay?: number
  /** What a failure counts as at least, ms: one that comes at once must not look fast. Default 5,000. */
  penalty?: number
}

/** What is known of a member's latency. */
interface Estimate {
  /** ms at `at`; 0: nothing is known. */
  latency: number
  at: number
}

// above any latency, but finite: weights still tell such members apart
const PROBED = 1e9

/**
 * The member whose latency, times what it has in flight and this want, is least
 * for its weight. Latency is a moving average that decays by time and jumps to
 * every peak, so that a member is left as soon as it slows down and tried again
 * later (Finagle's peak EWMA; Linkerd's default).
 *
 * Latency is the time to a block or a have. A lack or an unknown says nothing
 * about speed, so it never lowers an estimate, and gives a member without one the
 * mean of the others: an empty node does not look fast. Still nothing is in flight
 * at a member that answers at once that it has nothing: where that can happen,
 * write `presence(peakEwma())`. Failures and timeouts count as `penalty` at least,
 * a cancelled attempt as the time that it had lasted, if that is above the estimate.
 *
 * A member of which nothing is known is asked one want at a time until it answers.
 *
 * @throws {InvalidOptionError} if an option is not a number of ms above 0
 */
export function peakEwma (init: PeakEwmaInit = {}): StrategyFactory {
  const { decay = 10_000, penalty = 5000 } = init

  for (const [name, value] of Object.entries({ decay, penalty })) {
    if (!(value > 0 && value < Infinity)) {
      throw new InvalidOptionError(`peak-ewma: ${name} is a number of ms above 0, not ${value}`)
    }
  }

  return env => {
    let estimates = new Map<string, Estimate>()
    let now = env.now()

    const latencyOf = ({ latency, at }: Estimate): number => latency * Math.exp((at - now) / decay)

    const strategy = takingTurns(env, ({ id, weight, load }) => {
      const estimate = estimates.get(id)
      const latency = estimate == null ? 0 : latencyOf(estimate)
      return (latency === 0 && load.wants > 0 ? PROBED + load.wants : latency * (load.wants + 1)) / weight
    })

    /** The mean of what is known; 0 if nothing is. */
    function meanLatency (): number {
      let sum = 0
      let known = 0

      for (const estimate of estimates.values()) {
        if (estimate.latency > 0) {
          sum += latencyOf(estimate)
          known++
        }
      }

      return known === 0 ? 0 : sum / known
    }

    /** What an outcome says about latency, given what was believed. */
    function sampleOf ({ result, ms }: Outcome, believed: number): number {
      switch (result) {
        case 'block':
        case 'have':
          return ms
        case 'failed':
        case 'timeout':
          return Math.max(ms, penalty)
        case 'cancelled':
          return ms > believed && believed > 0 ? ms : 0
        default:
          return believed > 0 ? believed : Math.max(ms, meanLatency())
      }
    }

    return {
      update (members) {
        estimates = new Map(members.map(({ id }) => [id, estimates.get(id) ?? { latency: 0, at: now }]))
        strategy.update(members)
      },

      rank (want) {
        now = env.now()
        return strategy.rank(want)
      },

      observe (outcome) {
        const estimate = estimates.get(outcome.member)

        if (estimate == null) {
          return
        }

        now = env.now()
        const believed = latencyOf(estimate)
        const sample = sampleOf(outcome, believed)

        if (sample > 0) {
          const old = Math.exp((estimate.at - now) / decay)
          estimate.latency = sample > believed ? sample : estimate.latency * old + sample * (1 - old)
          estimate.at = now
        }
      }
    }
  }
}
