import { hitShare, sum, total } from './counts.ts'
import { ratio, rounded } from './figures.ts'
import { createHistogram } from './histogram.ts'
import type { Counts } from './counts.ts'
import type { Series } from './result.ts'

/** Collects the points of the plots over time. */
export class SeriesCollector {
  readonly #series
  #latency = createHistogram()
  #bucketStart: readonly Counts[]

  constructor (members: readonly Counts[]) {
    this.#bucketStart = members
    this.#series = {
      time: [] as number[],
      served: [] as number[],
      p50: [] as Array<number | null>,
      p99: [] as Array<number | null>,
      hits: [] as Array<number | null>,
      share: members.map((): Array<number | null> => []),
      hitShare: members.map((): Array<number | null> => []),
      inFlight: members.map((): number[] => [])
    }
  }

  get series (): Series {
    return this.#series
  }

  served (ms: number): void {
    this.#latency.add(ms)
  }

  bucketEnd (now: number, members: readonly Counts[]): void {
    const series = this.#series
    const start = this.#bucketStart
    const asks = sum(members, 'asks') - sum(start, 'asks')
    series.time.push(now)
    series.served.push(this.#latency.count)
    series.p50.push(rounded(this.#latency.quantile(0.5)) ?? null)
    series.p99.push(rounded(this.#latency.quantile(0.99)) ?? null)
    series.hits.push(hitShare(total(members), total(start)) ?? null)

    for (const [i, count] of members.entries()) {
      series.share[i].push(ratio(count.asks - start[i].asks, asks) ?? null)
      series.hitShare[i].push(hitShare(count, start[i]) ?? null)
      series.inFlight[i].push(count.inFlight)
    }

    this.#latency = createHistogram()
    this.#bucketStart = members
  }
}
