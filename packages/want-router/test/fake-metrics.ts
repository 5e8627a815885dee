import { expect } from 'aegir/chai'
import type { Metrics } from '@libp2p/interface'

export type Values = Record<string, number>

interface Options { calculate? (): number }

/** What libp2p's Prometheus metrics do: they read calculated metrics in the order of their registration, and keep every label that they have seen. */
export function fakeMetrics (): { metrics: Metrics, scrape (): Record<string, Values> } {
  const read: Array<() => void> = []
  const groups: Record<string, Values> = {}
  /** Histograms as they are when it is their turn, by the number of their values. */
  const scraped: Record<string, Values> = {}

  const registerMetric = (name: string, { calculate }: Options = {}): void => {
    read.push(() => { groups[name] = { '': calculate?.() ?? 0 } })
  }

  const registerCounter = (name: string, { calculate }: Options = {}): void => {
    read.push(() => {
      const value = calculate?.()

      // of a source that a test has left out it is not a number
      if (value != null && !Number.isNaN(value)) {
        increment(name, '', value)
      }
    })
  }

  const increment = (name: string, label: string, value: number): void => {
    expect(value, 'a counter never falls').to.be.at.least(0)
    const group = groups[name] ??= {}
    group[label] = (group[label] ?? 0) + value
  }

  const registerGroup = (name: string): object => ({
    reset () { groups[name] = {} },
    update (values: Values) { groups[name] = { ...groups[name], ...values } },
    increment (values: Values) { Object.entries(values).forEach(([label, value]) => { increment(name, label, value) }) },
    observe (values: Values) { Object.keys(values).forEach(label => { increment(name, label, 1) }) }
  })

  const registerHistogramGroup = (name: string): object => {
    read.push(() => { scraped[name] = { ...groups[name] } })

    return registerGroup(name)
  }

  const metrics = { registerMetric, registerCounter, registerMetricGroup: registerGroup, registerCounterGroup: registerGroup, registerHistogram: () => ({ observe () {} }), registerHistogramGroup } as unknown as Metrics

  return {
    metrics,
    scrape () {
      read.forEach(read => { read() })

      return { ...structuredClone(groups), ...scraped }
    }
  }
}
