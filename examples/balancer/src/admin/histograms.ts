import type { Histogram, HistogramGroup, HistogramOptions, Metrics } from '@libp2p/interface'
import type { Metric, Registry } from 'prom-client'

/** The observations of one label: how many values are in each bucket. The last bucket is for values beyond all bounds. */
interface Series {
  readonly counts: number[]
  sum: number
}

const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * Histograms for libp2p's `Metrics` that are cheap to add to. The router observes
 * four values for each block, and prom-client checks and hashes the labels of each
 * one, which takes twenty times as long.
 */
export function createHistograms (registry: Registry): Pick<Metrics, 'registerHistogram' | 'registerHistogramGroup'> {
  function register (name: string, options: HistogramOptions): FastHistogram {
    const histogram = new FastHistogram(name, options)
    // prom-client only uses the name of a metric and its `get`
    registry.registerMetric(histogram as unknown as Metric)

    return histogram
  }

  return {
    registerHistogram (name: string, options: HistogramOptions = {}): Histogram {
      const histogram = register(name, { ...options, label: undefined })
      const only = histogram.series('')

      return {
        observe (value) { histogram.add(only, value) },
        reset () { histogram.reset() },
        timer: () => histogram.timer('')
      }
    },

    registerHistogramGroup (name: string, options: HistogramOptions = {}): HistogramGroup {
      const histogram = register(name, { ...options, label: options.label ?? name })

      return {
        observe (values) {
          for (const key in values) {
            histogram.add(histogram.series(key), values[key] ?? 0)
          }
        },
        reset () { histogram.reset() },
        timer: key => histogram.timer(key)
      }
    }
  }
}

/** A metric as prom-client's registry prints it. */
class FastHistogram {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly #label: string | undefined
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()

  constructor (name: string, { help = name, label, buckets = DEFAULT_BUCKETS }: HistogramOptions) {
    this.name = name
    this.help = help
    this.#label = label
    this.#bounds = buckets
  }

  series (key: string): Series {
    let series = this.#series.get(key)

    if (series == null) {
      series = { counts: new Array<number>(this.#bounds.length + 1).fill(0), sum: 0 }
      this.#series.set(key, series)
    }

    return series
  }

  add (series: Series, value: number): void {
    const bounds = this.#bounds
    let bucket = 0

    while (bucket < bounds.length && value > bounds[bucket]) {
      bucket++
    }

    series.counts[bucket]++
    series.sum += value
  }

  timer (key: string): () => void {
    const start = performance.now()

    return () => { this.add(this.series(key), (performance.now() - start) / 1000) }
  }

  reset (): void {
    for (const series of this.#series.values()) {
      series.counts.fill(0)
      series.sum = 0
    }
  }

  async get (): Promise<unknown> {
    const { name, help, type } = this

    return { name, help, type, aggregator: 'sum', values: [...this.#series].flatMap(([key, series]) => this.#print(key, series)) }
  }

  /** The samples of a series. A bucket of Prometheus also counts the values of all smaller buckets. */
  #print (key: string, { counts, sum }: Series): unknown[] {
    const labels = this.#label == null ? {} : { [this.#label]: key }
    let count = 0
    const buckets = counts.map((more, i) => {
      count += more

      return { metricName: `${this.name}_bucket`, labels: { le: this.#bounds[i] ?? '+Inf', ...labels }, value: count }
    })

    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: count }]
  }
}
