import { median, medianRatio } from '../statistics.ts'
import { table } from '../table.ts'
import { LEGS } from './scenarios.ts'
import type { DistanceRun } from './run.ts'
import type { DistanceScenario, Leg } from './scenarios.ts'

/** The medians of one leg at one distance. */
export interface DistanceRow {
  scenario: string
  leg: Leg
  runs: number
  megabytesPerSecond: number
  /** Its rate divided by that of `direct`: the median of the ratios within pairs. */
  ofDirect: number
  /** The ratio of each pair, in order. */
  ratios: number[]
  p50: number
  p99: number
  peakRss: number
}

/** The median of each leg of each scenario, and how it compares with asking the node directly. */
export function distanceReport (scenarios: readonly DistanceScenario[], results: readonly DistanceRun[]): DistanceRow[] {
  return scenarios.flatMap(({ name }) => {
    const of = (leg: Leg): DistanceRun[] => results
      .filter(result => result.scenario === name && result.leg === leg)
      .sort((a, b) => a.pair - b.pair)
    const direct = of('direct').map(run => run.megabytesPerSecond)

    return LEGS.map((leg): DistanceRow => {
      const runs = of(leg)
      const rates = runs.map(run => run.megabytesPerSecond)

      return {
        scenario: name,
        leg,
        runs: runs.length,
        megabytesPerSecond: median(rates),
        ofDirect: medianRatio(rates, direct),
        ratios: rates.map((rate, i) => rate / direct[i]),
        p50: median(runs.map(({ p50 }) => p50)),
        p99: median(runs.map(({ p99 }) => p99)),
        peakRss: median(runs.map(({ peakRss }) => peakRss))
      }
    })
  })
}

/** One table in Markdown. */
export function printDistances (scenarios: readonly DistanceScenario[], rows: readonly DistanceRow[]): string {
  return table(
    ['round trip', 'line', 'leg', 'MB/s', 'of direct', 'of each pair', 'p50 ms', 'p99 ms', 'peak RSS MB'],
    rows.map(row => [
      ...lineOf(scenarios.find(({ name }) => name === row.scenario)),
      row.leg,
      row.megabytesPerSecond.toFixed(1),
      row.leg === 'direct' ? '–' : row.ofDirect.toFixed(2),
      row.leg === 'direct' ? '–' : row.ratios.map(ratio => ratio.toFixed(2)).join(' '),
      row.p50.toFixed(0),
      row.p99.toFixed(0),
      row.peakRss === 0 ? '–' : (row.peakRss / 1e6).toFixed(0)
    ])
  ).join('\n')
}

function lineOf (scenario?: DistanceScenario): [string, string] {
  return [`${scenario?.rtt} ms`, scenario?.bandwidth == null ? 'as the machine' : `${scenario.bandwidth * 8 / 1e6} Mbit/s`]
}
