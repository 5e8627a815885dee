import { hitShare, sum, total, totalsSince } from './counts.ts'
import { ratio, rounded } from './figures.ts'
import { createHistogram } from './histogram.ts'
import { createLoadBalance } from './load-balance.ts'
import { createMovement } from './movement.ts'
import { SeriesCollector } from './series.ts'
import type { Counts, Mark } from './counts.ts'
import type { Histogram } from './histogram.ts'
import type { LoadBalance } from './load-balance.ts'
import type { Movement } from './movement.ts'
import type { Latency, MemberResult, RunResult, Totals } from './result.ts'
import type { ClientEvents } from '../models/client.ts'
import type { MemberEvents } from '../models/member.ts'
import type { FullScenario } from '../scenario/schema.ts'
import type { EngineStatus, Totals as EngineTotals } from '@kitsune/want-router'

interface CollectorInit {
  readonly scenario: FullScenario
  /** Members in the order of the configuration. */
  readonly members: ReadonlyArray<{ readonly id: string, readonly weight: number }>
  now (): number
  status (): EngineStatus
}

/** Listens to a world, and reports the result at the end. Its memory does not grow with the number of events. */
export interface Collector {
  readonly client: ClientEvents
  member (index: number): MemberEvents
  /** Called at the end of each bucket of time. */
  bucketEnd (): void
  /** Called when the warm-up is over: earlier events do not count. */
  warm (): void
  result (): Pick<RunResult, 'totals' | 'latency' | 'members' | 'series'>
}

/** Makes an empty collector. */
export function createCollector (init: CollectorInit): Collector {
  return new WorldCollector(init)
}

class WorldCollector implements Collector {
  readonly #init: CollectorInit
  readonly #counts: Counts[]
  readonly #movement: Movement
  readonly #series: SeriesCollector
  #latency: Histogram
  #wants = { wants: 0, served: 0, absent: 0, unserved: 0 }
  #balance: LoadBalance
  #start: Mark
  readonly client: ClientEvents

  constructor (init: CollectorInit) {
    const { members, scenario, now } = init
    this.#init = init
    this.#counts = members.map(() => ({ asks: 0, hits: 0, misses: 0, inFlight: 0, peak: 0 }))
    this.#movement = createMovement(members.length, scenario.moves ?? Infinity)
    this.#series = new SeriesCollector(this.#copyCounts())
    this.#latency = createHistogram()
    this.#balance = createLoadBalance(now)
    this.#start = { members: this.#copyCounts() }
    this.client = {
      wanted: () => { this.#wants.wants++ },
      served: ms => {
        this.#wants.served++
        this.#latency.add(ms)
        this.#series.served(ms)
      },
      absent: () => { this.#wants.absent++ },
      unserved: () => { this.#wants.unserved++ }
    }
  }

  member (index: number): MemberEvents {
    const count = this.#counts[index]

    return {
      asked: ({ key }) => {
        count.asks++
        count.inFlight++
        count.peak = Math.max(count.peak, count.inFlight)
        this.#movement.asked(key, index, this.#init.now())
        this.#balance.update(this.#counts)
      },
      ended: () => {
        count.inFlight--
        this.#balance.update(this.#counts)
      },
      looked: hit => {
        if (hit) {
          count.hits++
        } else {
          count.misses++
        }
      }
    }
  }

  bucketEnd (): void {
    this.#series.bucketEnd(this.#init.now(), this.#copyCounts())
  }

  warm (): void {
    this.#latency = createHistogram()
    this.#wants = { wants: 0, served: 0, absent: 0, unserved: 0 }
    this.#balance = createLoadBalance(this.#init.now)

    for (const count of this.#counts) {
      count.peak = count.inFlight
    }

    this.#movement.warm()
    this.#start = this.#mark()
  }

  result (): ReturnType<Collector['result']> {
    const end = this.#mark()
    const members = this.#memberResults(end)

    return { totals: this.#totals(end, members), latency: latencyOf(this.#latency), members, series: this.#series.series }
  }

  #memberResults (end: Required<Mark>): MemberResult[] {
    const asks = sum(end.members, 'asks') - sum(this.#start.members, 'asks')

    return this.#init.members.map(({ id }, i) => {
      const count = end.members[i]
      const before = this.#start.members[i]
      const since = totalsSince(end.status.members[i].totals, this.#start.status?.members[i].totals)

      return {
        id,
        asks: count.asks - before.asks,
        share: ratio(count.asks - before.asks, asks) ?? 0,
        perWant: ratio(count.asks - before.asks, this.#wants.wants) ?? 0,
        blocks: since.blocks,
        dontHaves: since.dontHaves,
        timeouts: since.timeouts,
        failures: since.failures,
        ejections: since.ejections,
        hitShare: hitShare(count, before),
        inFlightPeak: count.peak
      }
    })
  }

  #totals (end: Required<Mark>, results: readonly MemberResult[]): Totals {
    const { members } = this.#init
    const of = (name: 'dontHaves' | 'timeouts' | 'failures' | 'ejections'): number => results.reduce((all, result) => all + result[name], 0)
    const engine: EngineTotals & { hedges?: number } = totalsSince(end.status.totals, this.#start.status?.totals)
    const weight = members.reduce((all, { weight }) => all + weight, 0)

    return {
      ...this.#wants,
      asks: sum(end.members, 'asks') - sum(this.#start.members, 'asks'),
      coalesced: engine.coalesced,
      retries: engine.retries,
      hedges: engine.hedges ?? 0,
      timeouts: of('timeouts'),
      dontHaves: of('dontHaves'),
      failures: of('failures'),
      ejections: of('ejections'),
      maxByMean: rounded(Math.max(...results.map(({ share }, i) => share * weight / members[i].weight))),
      inFlightMaxByMean: rounded(this.#balance.mean()),
      inFlightPeak: Math.max(...results.map(({ inFlightPeak }) => inFlightPeak)),
      hitShare: hitShare(total(end.members), total(this.#start.members)),
      homeShare: rounded(this.#movement.homeShare()),
      ...this.#movement.moved(index => end.status.members[index].state !== 'down')
    }
  }

  #mark (): Required<Mark> {
    return { status: this.#init.status(), members: this.#copyCounts() }
  }

  #copyCounts (): Counts[] {
    return this.#counts.map(count => ({ ...count }))
  }
}

// even steps of the logarithm of what is left
const QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.997, 0.998, 0.9985, 0.999, 0.9995, 0.9998, 0.9999]

function latencyOf (all: Histogram): Latency {
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
