import { histogram } from './histogram.ts'
import { movement } from './movement.ts'
import type { Latency, MemberResult, RunResult, Series, Totals } from './result.ts'
import type { PeerEvents } from '../models/client.ts'
import type { MemberEvents } from '../models/member.ts'
import type { FullScenario } from '../scenario/schema.ts'
import type { EngineStatus, MemberTotals, Totals as EngineTotals } from '@kitsune/want-router'

export interface CollectorInit {
  readonly scenario: FullScenario
  /** Members in the order of the configuration. */
  readonly members: ReadonlyArray<{ readonly id: string, readonly weight: number }>
  now (): number
  status (): EngineStatus
}

/** Listens to a world, and says in the end what happened. Its size does not depend on how much does. */
export interface Collector {
  readonly peer: PeerEvents
  member (index: number): MemberEvents
  /** To be called at the end of each bucket of time. */
  bucketEnd (): void
  /** To be called when the warm-up is over: what came before does not count. */
  warm (): void
  result (): Pick<RunResult, 'totals' | 'latency' | 'members' | 'series'>
}

/** What is counted of one member, from the beginning. */
interface Counts { asks: number, hits: number, misses: number, inFlight: number, peak: number }

/** Counts at a moment; of the beginning, before there is an engine, all are 0. */
interface Mark {
  readonly status?: EngineStatus
  readonly members: readonly Counts[]
}

export function collector ({ scenario, members, now, status }: CollectorInit): Collector {
  const counts: Counts[] = members.map(() => ({ asks: 0, hits: 0, misses: 0, inFlight: 0, peak: 0 }))
  const moves = movement(members.length, scenario.moves ?? Infinity)
  let latency = histogram()
  let bucket = histogram()
  let wants = { wants: 0, served: 0, denied: 0, unserved: 0 }
  let balance = balanceOverTime(now)
  let begin: Mark = { members: counts.map(count => ({ ...count })) }
  let bucketBegin = begin
  const series = {
    time: [] as number[],
    served: [] as number[],
    p50: [] as Array<number | null>,
    p99: [] as Array<number | null>,
    hits: [] as Array<number | null>,
    share: members.map((): Array<number | null> => []),
    hitShare: members.map((): Array<number | null> => []),
    inFlight: members.map((): number[] => [])
  }

  function mark (): Required<Mark> {
    return { status: status(), members: counts.map(count => ({ ...count })) }
  }

  return {
    peer: {
      wanted () { wants.wants++ },
      served (ms) {
        wants.served++
        latency.add(ms)
        bucket.add(ms)
      },
      denied () { wants.denied++ },
      unserved () { wants.unserved++ }
    },

    member (index) {
      const count = counts[index]
      return {
        asked ({ key }) {
          count.asks++
          count.inFlight++
          count.peak = Math.max(count.peak, count.inFlight)
          moves.asked(key, index, now())
          balance.update(counts)
        },
        ended () {
          count.inFlight--
          balance.update(counts)
        },
        looked (hit) {
          if (hit) {
            count.hits++
          } else {
            count.misses++
          }
        }
      }
    },

    bucketEnd () {
      const end = mark()
      const asks = sum(end.members, 'asks') - sum(bucketBegin.members, 'asks')
      series.time.push(now())
      series.served.push(bucket.count)
      series.p50.push(rounded(bucket.quantile(0.5)) ?? null)
      series.p99.push(rounded(bucket.quantile(0.99)) ?? null)
      series.hits.push(hitShare(total(end.members), total(bucketBegin.members)) ?? null)
      for (const [i, count] of end.members.entries()) {
        const before = bucketBegin.members[i]
        series.share[i].push(ratio(count.asks - before.asks, asks) ?? null)
        series.hitShare[i].push(hitShare(count, before) ?? null)
        series.inFlight[i].push(count.inFlight)
      }
      bucket = histogram()
      bucketBegin = end
    },

    warm () {
      latency = histogram()
      wants = { wants: 0, served: 0, denied: 0, unserved: 0 }
      balance = balanceOverTime(now)
      for (const count of counts) {
        count.peak = count.inFlight
      }
      moves.warm()
      begin = mark()
    },

    result () {
      const end = mark()
      const asks = sum(end.members, 'asks') - sum(begin.members, 'asks')
      const results = members.map(({ id }, i): MemberResult => {
        const count = end.members[i]
        const before = begin.members[i]
        const since = totalsSince(end.status.members[i].totals, begin.status?.members[i].totals)
        return {
          id,
          asks: count.asks - before.asks,
          share: ratio(count.asks - before.asks, asks) ?? 0,
          perWant: ratio(count.asks - before.asks, wants.wants) ?? 0,
          blocks: since.blocks,
          lacks: since.lacks,
          timeouts: since.timeouts,
          failures: since.failures,
          ejections: since.ejections,
          hitShare: hitShare(count, before),
          inFlightPeak: count.peak
        }
      })
      const of = (name: 'lacks' | 'timeouts' | 'failures' | 'ejections'): number => results.reduce((all, result) => all + result[name], 0)
      const engine: EngineTotals & { hedges?: number } = totalsSince(end.status.totals, begin.status?.totals)
      const weight = members.reduce((all, { weight }) => all + weight, 0)
      const totals: Totals = {
        ...wants,
        asks,
        coalesced: engine.coalesced,
        retries: engine.retries,
        hedges: engine.hedges ?? 0,
        timeouts: of('timeouts'),
        lacks: of('lacks'),
        failures: of('failures'),
        ejections: of('ejections'),
        maxByMean: rounded(Math.max(...results.map(({ share }, i) => share * weight / members[i].weight))) ?? 0,
        inFlightMaxByMean: rounded(balance.mean()) ?? 0,
        inFlightPeak: Math.max(...results.map(({ inFlightPeak }) => inFlightPeak)),
        hitShare: hitShare(total(end.members), total(begin.members)),
        homeShare: rounded(moves.homeShare()),
        ...moves.moved(index => end.status.members[index].state !== 'down')
      }
      return { totals, latency: latencyOf(latency), members: results, series: series satisfies Series }
    }
  }
}

// even steps of the logarithm of what is left
const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.997, 0.998, 0.9985, 0.999, 0.9995, 0.9998, 0.9999]

/** The mean over time of the fullest member's load by the mean load. */
function balanceOverTime (now: () => number): { update (counts: readonly Counts[]): void, mean (): number } {
  let last = now()
  let value: number | undefined
  let weighed = 0
  let time = 0

  function advance (): void {
    const passed = now() - last
    last += passed
    if (value != null) {
      weighed += passed * value
      time += passed
    }
  }

  return {
    update (counts) {
      if (now() !== last) {
        advance()
      }
      let all = 0
      let most = 0
      for (const { inFlight } of counts) {
        all += inFlight
        most = Math.max(most, inFlight)
      }
      // of a single want somebody is always the fullest
      value = all < counts.length ? undefined : most * counts.length / all
    },

    mean () {
      advance()
      return time === 0 ? 0 : weighed / time
    }
  }
}

function latencyOf (all: ReturnType<typeof histogram>): Latency {
  return {
    mean: rounded(all.mean),
    p50: rounded(all.quantile(0.5)),
    p90: rounded(all.quantile(0.9)),
    p99: rounded(all.quantile(0.99)),
    p999: rounded(all.quantile(0.999)),
    max: rounded(all.max),
    curve: QUANTILES.flatMap(quantile => {
      const ms = rounded(all.quantile(quantile))
      return ms == null || all.count * (1 - quantile) < 1 ? [] : [{ quantile, ms }]
    })
  }
}

function hitShare (now: Counts, before: Counts): number | undefined {
  const hits = now.hits - before.hits
  return ratio(hits, hits + now.misses - before.misses)
}

function total (counts: readonly Counts[]): Counts {
  return { asks: sum(counts, 'asks'), hits: sum(counts, 'hits'), misses: sum(counts, 'misses'), inFlight: 0, peak: 0 }
}

function sum (counts: readonly Counts[], name: keyof Counts): number {
  return counts.reduce((all, count) => all + count[name], 0)
}

/** What was counted since a mark. */
function totalsSince <T extends MemberTotals | EngineTotals> (now: Readonly<T>, before?: Readonly<T>): T {
  const counts = now as unknown as Record<string, number>
  const older = before as unknown as Record<string, number> | undefined
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value - (older?.[name] ?? 0)])) as unknown as T
}

function ratio (part: number, all: number): number | undefined {
  return all === 0 ? undefined : rounded(part / all)
}

/** Six digits are more than any figure here means, and keep the JSON readable. */
function rounded <T extends number | undefined> (value: T): T {
  return (value == null ? value : Number(value.toPrecision(6))) as T
}
