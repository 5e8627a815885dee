import { InvalidOptionError } from '../errors.ts'
import type { Outcome } from './strategy.ts'

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
 * A moving average that decays by time and jumps to every peak (Finagle's peak
 * EWMA). Latency is the time to a block or a have; failures and timeouts count as
 * `penalty` at least; a cancelled attempt as the time that it had lasted, if that
 * is above the estimate. A lack or an unknown says nothing about speed: it never
 * lowers an estimate, and gives a member without one the mean of the others.
 *
 * @param name - of the strategy, for errors
 * @throws {InvalidOptionError} if an option is not a number of ms above 0
 */
export function latencyRules (name: string, init: LatencyInit): LatencyRules {
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

  return {
    estimate (known, estimates, now) {
      for (let i = 0; i < known.length; i++) {
        const { ms, at } = known[i].known
        estimates[i] = ms * Math.exp((at - now) / decay)
      }
    },

    learn (latency, { result, ms }, now, all) {
      const believed = of(latency, now)
      let sample = 0

      if (result === 'block' || result === 'have') {
        sample = ms
      } else if (result === 'failed' || result === 'timeout') {
        sample = Math.max(ms, penalty)
      } else if (result === 'cancelled') {
        sample = believed > 0 && ms > believed ? ms : 0
      } else {
        sample = believed > 0 ? believed : Math.max(ms, mean(all, now))
      }

      if (sample === 0 && result === 'cancelled') {
        return
      }

      const old = Math.exp((latency.at - now) / decay)
      // 0 means unknown, so what took no measurable time took a little
      latency.ms = Math.max(1e-3, sample > believed ? sample : latency.ms * old + sample * (1 - old))
      latency.at = now
    }
  }
}
