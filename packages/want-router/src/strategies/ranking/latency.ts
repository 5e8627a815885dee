import { InvalidOptionError } from '../../errors.ts'
import type { Outcome } from '../strategy.ts'

/** How latencies are learned. */
export interface LatencyInit {
  /**
   * How long a latency is remembered, ms: after this time it weighs 1/e. A member
   * that was slow is tried again once its estimate has decayed to that of the
   * others: one that was 150 times as slow, after 5 times as long. Default 10,000,
   * as in Finagle.
   */
  decay?: number
  /** The least latency that a failure counts as, ms: a member that fails at once must not look fast. Default 5,000. */
  penalty?: number
}

/** The defaults of {@link LatencyInit}. */
export const DEFAULT_LATENCY: Readonly<Required<LatencyInit>> = { decay: 10_000, penalty: 5000 }

/** What is known of a member's latency; made by {@link createLatency}. */
export interface Latency {
  /** The estimate at the time `at`, ms; 0 if it is unknown. */
  ms: number
  at: number
}

/** Makes the state of a member that has not answered yet. */
export function createLatency (): Latency {
  return { ms: 0, at: 0 }
}

/** Learns latencies from outcomes. */
export interface LatencyEstimator {
  /**
   * Writes the present estimate of each from `from` to before `to`, ms, decayed since
   * its last outcome; 0 if nothing is known. One call for all, because a call for each
   * would put its result on the heap.
   */
  estimate (known: ReadonlyArray<{ readonly known: Latency }>, estimates: Float64Array, from: number, to: number, now: number): void
  /** Learns from an outcome. `all` are the members whose mean stands in where nothing is known of this one. */
  learn (latency: Latency, outcome: Outcome, now: number, all: Iterable<{ readonly known: Latency }>): void
}

/**
 * A moving average that decays by time and, if `peaks`, jumps to every peak
 * (Finagle's peak EWMA). Latency is the time to a block or a HAVE. A failure or timeout
 * counts as at least `penalty`, a cancelled attempt as the time that it had lasted if
 * that is above the estimate; the estimate jumps to these in any case. A DONT_HAVE or
 * an unknown says nothing about speed: it never lowers an estimate, and gives a member
 * without one the mean of the others.
 *
 * @param name - of the strategy, for errors
 * @param init - how fast it decays, and what a failure counts as
 * @param peaks - whether one slow answer counts as much as many
 * @throws {InvalidOptionError} if an option is not a number of ms above 0
 */
export function createLatencyEstimator (name: string, init: LatencyInit, peaks: boolean): LatencyEstimator {
  const { decay = DEFAULT_LATENCY.decay, penalty = DEFAULT_LATENCY.penalty } = init

  for (const [option, value] of Object.entries({ decay, penalty })) {
    if (!(value > 0 && value < Infinity)) {
      throw new InvalidOptionError(`${name}: ${option} must be a number of ms above 0, not ${value}`)
    }
  }

  const of = ({ ms, at }: Latency, now: number): number => ms * Math.exp((at - now) / decay)

  function mean (all: Iterable<{ readonly known: Latency }>, now: number): number {
    let sum = 0
    let count = 0

    for (const { known } of all) {
      if (known.ms > 0) {
        sum += of(known, now)
        count++
      }
    }

    return count === 0 ? 0 : sum / count
  }

  /** The latency that an outcome shows, given the estimate so far; undefined if it shows none. */
  function sampleOf ({ result, ms }: Outcome, believed: number, all: Iterable<{ readonly known: Latency }>, now: number): number | undefined {
    switch (result) {
      case 'block':
      case 'have':
        return ms
      case 'failed':
      case 'timeout':
        return Math.max(ms, penalty)
      case 'cancelled':
        return believed > 0 && ms > believed ? ms : undefined
      default:
        return believed > 0 ? believed : Math.max(ms, mean(all, now))
    }
  }

  return {
    estimate (known, estimates, from, to, now) {
      for (let i = from; i < to; i++) {
        const { ms, at } = known[i].known
        estimates[i] = ms * Math.exp((at - now) / decay)
      }
    },

    learn (latency, outcome, now, all) {
      const believed = of(latency, now)
      const sample = sampleOf(outcome, believed, all, now)

      if (sample === undefined) {
        return
      }

      const answered = outcome.result === 'block' || outcome.result === 'have'
      const jumps = believed === 0 || (sample > believed && (peaks || !answered))
      const old = Math.exp((latency.at - now) / decay)
      // 0 means unknown, so an answer that took no measurable time counts as a little
      latency.ms = Math.max(1e-3, jumps ? sample : latency.ms * old + sample * (1 - old))
      latency.at = now
    }
  }
}
