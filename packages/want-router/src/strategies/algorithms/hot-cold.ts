import { InvalidOptionError } from '../../errors.ts'
import { createLatencyStrategy } from '../ranking/latency-strategy.ts'
import { createLatencyEstimator } from '../ranking/latency.ts'
import { WANT_COST } from './least-loaded.ts'
import type { Latency, LatencyInit } from '../ranking/latency.ts'
import type { Entry } from '../ranking/least-cost.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

/** Options of {@link hotCold}. */
export interface HotColdInit extends LatencyInit {
  /**
   * The quantile of all members' work above which a member is hot, 0 to 1. Default
   * 0.5, the busier half. Prequal uses 0.84, with hundreds of servers: of four, only
   * the busiest would be hot, and the fastest two would get nearly everything.
   */
  hot?: number
}

/** The default of {@link HotColdInit.hot}. */
export const DEFAULT_HOT = 0.5

// added to the cost of a hot member: more than any cold one costs, but finite, so that work and weights still order the hot ones
const HOT = 1e12
// the same for members that are being probed: above any hot one
const PROBED = 1e15

/**
 * Prequal's hot and cold lists (Wydrowski and others: Load is not what you should
 * balance, NSDI 2024). A member is hot if it has more work than a quantile of all
 * members. The cold member of least latency comes first, then the hot one of least
 * work, both in proportion to weight. So fast members are preferred until they are
 * busy.
 *
 * Prequal asks servers how busy they are. Bitswap has no such probe, so the signals are
 * passive: what is in flight from us, or what the member says it has queued for us if
 * that is more, and the latency of its answers. That is their average: peaks would keep
 * idle members from being asked. A member that several balancers share is hotter than
 * each of them can see; only its latency shows that.
 *
 * A member about which nothing is known is cold while nothing is in flight at it, and
 * last otherwise: it is asked one want at a time until it answers. As with all
 * strategies that prefer fast and idle members, put `presence` around it where members
 * hold different blocks.
 *
 * A pick costs a scan and an exponential for each member, and now and then a sort of
 * what they owe: some 0.4 µs for 10, 3 for 100.
 *
 * @throws {InvalidOptionError} if `hot` is not from 0 to 1, or a time is not a number of ms above 0
 */
export function hotCold (init: HotColdInit = {}): StrategyFactory {
  const { hot = DEFAULT_HOT, ...times } = init
  const latency = createLatencyEstimator('hot-cold', times, false)

  if (!(hot >= 0 && hot <= 1)) {
    throw new InvalidOptionError(`hot-cold: hot must be a quantile from 0 to 1, not ${hot}`)
  }

  return env => {
    const bound = hotBound(hot)

    return createLatencyStrategy(env, latency, {
      weigh (entries, costs, from, to) {
        const limit = bound(entries)

        for (let i = from; i < to; i++) {
          const { member } = entries[i]
          const work = workOf(member)

          if (costs[i] === 0 && member.load.wants > 0) {
            costs[i] = PROBED + work
          } else {
            costs[i] = work > limit ? HOT + work : costs[i] / member.weight
          }
        }
      }
    })
  }
}

/** What a member owes in proportion to its weight, bytes. What it says it has queued is out of date once nothing is open there. */
function workOf ({ load, pendingBytes, weight }: Member): number {
  return load.wants === 0 ? 0 : (load.wants * WANT_COST + Math.max(load.bytes, pendingBytes)) / weight
}

/** The quantile of members' work, computed again after one pick for every eight members: in between it hardly moves. */
function hotBound (quantile: number): (entries: ReadonlyArray<Entry<Latency>>) => number {
  let work = new Float64Array(0)
  let age = 0

  return entries => {
    if (work.length !== entries.length) {
      work = new Float64Array(entries.length)
      age = 0
    }

    if (age-- === 0) {
      age = entries.length >>> 3

      for (let i = 0; i < entries.length; i++) {
        work[i] = workOf(entries[i].member)
      }

      work.sort()
    }

    return work[Math.floor(quantile * (entries.length - 1))]
  }
}
