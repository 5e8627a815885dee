import { InvalidOptionError } from '../../errors.ts'
import type { Outcome } from '../strategy.ts'

export interface LatencyInit {
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

export const DEFAULT_LATENCY: Readonly<Required<LatencyInit>> = { decay: 10_000, penalty: 5000 }

/** What is known of a member's latency; made by {@link unknownLatency}. */
export interface Latency {
  /** ms at `at`, above 0; 0: nothing is known. */
  ms: number
  at: number
}

export function unknownLatency (): Latency {
  return { ms: 0, at: 0 }
}

/** How latency is learned from outcomes. */
export interface LatencyRules {
  /**
   * Writes what each is believed to take now, ms, decayed since its last outcome;
   * 0 if nothing is known. All at once, since a call for each would put its result
   * on the heap.
   */
  estimate (known: ReadonlyArray<{ readonly known: Latency }>, estimates: Float64Array, now: number): void
  /** Learns from an outcome; from those of all members, if nothing is known of this one. */
  learn (latency: Latency, outcome: Outcome, now: number, all: Iterable<{ readonly known: Latency }>): void
}

/**
 * A moving average that decays by time and, if `peaks`, jumps to every peak
 * (Finagle's peak EWMA). Latency is the time to a block or a have. Failures and
 * timeouts count as `penalty` at least, a cancelled attempt as the time that it had
 * lasted, if that is above the estimate; to those the estimate jumps in any case.
 * A lack or an unknown says nothing about speed: it never lowers an estimate, and
 * gives a member without one the mean of the others.
 *
 * @param name - of the strategy, for errors
 * @param init - how it decays, and what a failure counts as
 * @param peaks - whether one slow answer counts as much as many
 * @throws {InvalidOptionError} if an option is not a number of ms above 0
 */
export function latencyRules (name: string, init: LatencyInit, peaks: boolean): LatencyRules {
  const { decay = DEFAULT_LATENCY.decay, penalty = DEFAULT_LATENCY.penalty } = init

  for (const [option, value] of Object.entries({ decay, penalty })) {
    if (!(value > 0 && value < Infinity)) {
      throw new InvalidOptionError(`${name}: ${option} is a number of ms above 0, not ${value}`)
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

  /** What an outcome says about latency, given what is believed; undefined if nothing. */
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
    estimate (known, estimates, now) {
      for (let i = 0; i < known.length; i++) {
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
      // 0 means unknown, so what took no measurable time took a little
      latency.ms = Math.max(1e-3, jumps ? sample : latency.ms * old + sample * (1 - old))
      latency.at = now
    }
  }
}
