import { InvalidOptionError } from '../../errors.ts'
import { byLatency } from '../ranking/latency-strategy.ts'
import { latencyRules } from '../ranking/latency.ts'
import { WANT_COST } from './least-loaded.ts'
import type { Latency, LatencyInit } from '../ranking/latency.ts'
import type { Turn } from '../ranking/least-cost.ts'
import type { Member, StrategyFactory } from '../strategy.ts'

export interface HotColdInit extends LatencyInit {
  /**
   * The quantile of all members' work above which a member is hot, 0 to 1. Default
   * 0.5, the busier half. Prequal's is 0.84, for hundreds of servers: of four, only
   * the busiest would be hot, and the quickest two would be given nearly everything.
   */
  hot?: number
}

export const DEFAULT_HOT = 0.5

// above any cost of a cold member, and above that of a hot one, but finite: work and weights still tell them apart
const HOT = 1e12
const PROBED = 1e15

/**
 * Prequal's hot and cold lists (Wydrowski and others: Load is not what you should
 * balance, NSDI 2024): a member is hot if it has more work than a quantile of all
 * has. The cold one of least latency comes first, then the hot one of least work;
 * both count for the member's weight. So the fast are preferred, until they are
 * busy.
 *
 * Prequal asks servers how busy they are. Bitswap has no such probe, so the
 * signals are passive: what is in flight from us, or what the member says that it
 * has queued for us if that is more, and the latency of its answers: its average,
 * not its peaks, which would keep idle members from being asked. A member shared by
 * several balancers is hotter than each can see; that shows in its latency alone.
 *
 * A member of which nothing is known is cold while nothing is in flight at it, and
 * last otherwise, so that it is asked one want at a time until it answers. As with
 * all that prefers the fast and idle, put `presence` around it where members hold
 * different blocks.
 *
 * A pick costs a scan and an exponential for each member, and for every so many
 * picks a sort of what they owe: some 0.4 µs for 10, 3 for 100.
 *
 * @throws {InvalidOptionError} if `hot` is not from 0 to 1, or a time is not a number of ms above 0
 */
export function hotCold (init: HotColdInit = {}): StrategyFactory {
  const { hot = DEFAULT_HOT, ...times } = init
  const latency = latencyRules('hot-cold', times, false)

  if (!(hot >= 0 && hot <= 1)) {
    throw new InvalidOptionError(`hot-cold: hot is a quantile from 0 to 1, not ${hot}`)
  }

  return env => {
    const bound = hotBound(hot)

    return byLatency(env, latency, {
      weigh (turns, costs) {
        const limit = bound(turns)

        for (let i = 0; i < turns.length; i++) {
          const { member } = turns[i]
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

/** What a member owes for its weight, bytes. What it says it has queued is stale once nothing is open there. */
function workOf ({ load, pendingBytes, weight }: Member): number {
  return load.wants === 0 ? 0 : (load.wants * WANT_COST + Math.max(load.bytes, pendingBytes)) / weight
}

/** The quantile of members' work, looked at again after an eighth of a round: in so few picks it hardly moves. */
function hotBound (quantile: number): (turns: ReadonlyArray<Turn<Latency>>) => number {
  let work = new Float64Array(0)
  let age = 0

  return turns => {
    if (work.length !== turns.length) {
      work = new Float64Array(turns.length)
      age = 0
    }

    if (age-- === 0) {
      age = turns.length >>> 3

      for (let i = 0; i < turns.length; i++) {
        work[i] = workOf(turns[i].member)
      }

      work.sort()
    }

    return work[Math.floor(quantile * (turns.length - 1))]
  }
}
