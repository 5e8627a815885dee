import { median, medianRatio } from '../statistics.ts'
import { table } from '../table.ts'
import type { StrategyRun } from './run.ts'
import type { StrategyScenario } from './scenarios.ts'

/** The medians of one strategy in one scenario. */
export interface StrategyRow {
  scenario: string
  strategy: string
  runs: number
  p50: number
  p99: number
  /** Its p99 divided by that of the scenario's first strategy: the median of the ratios within pairs. */
  p99Ratio: number
  /** The last member's share of all asks, from 0 to 1. */
  lastShare: number
  /** The share of wants for which the last member was asked and did not have the block. */
  lastDontHaves: number
  /** The asks of the most asked member, divided by the average. */
  maxOverAverage: number
  /** The most wants open at one member at a time, divided by the average. */
  peakOverAverage: number
  /** The share of wants that joined an open fetch. */
  coalesced: number
}

/** The medians of each strategy in each scenario, compared with the scenario's first strategy. */
export function strategyReport (scenarios: readonly StrategyScenario[], results: readonly StrategyRun[]): StrategyRow[] {
  return scenarios.flatMap(scenario => {
    const of = (strategy: string): StrategyRun[] => results
      .filter(result => result.scenario === scenario.name && result.strategy === strategy)
      .sort((a, b) => a.pair - b.pair)
    const first = of(scenario.strategies[0])

    return scenario.strategies.map((strategy): StrategyRow => {
      const runs = of(strategy)
      const { length: nodes } = scenario.nodes

      return {
        scenario: scenario.name,
        strategy,
        runs: runs.length,
        p50: median(runs.map(({ p50 }) => p50)),
        p99: median(runs.map(({ p99 }) => p99)),
        p99Ratio: medianRatio(runs.map(({ p99 }) => p99), first.map(({ p99 }) => p99)),
        lastShare: median(runs.map(({ shares }) => shares[nodes - 1])),
        lastDontHaves: median(runs.map(({ dontHaves, wants }) => dontHaves[nodes - 1] / wants)),
        maxOverAverage: median(runs.map(({ shares }) => Math.max(...shares) * nodes)),
        peakOverAverage: median(runs.map(({ peakOpen }) => peakOpen / (scenario.clients * scenario.open / nodes))),
        coalesced: median(runs.map(({ coalesced, wants }) => coalesced / wants))
      }
    })
  })
}

/** A table for each scenario, in Markdown. */
export function printStrategies (scenarios: readonly StrategyScenario[], rows: readonly StrategyRow[]): string {
  return scenarios.map(({ name, about, nodes, strategies }) => {
    const last = nodes.every(({ holds, delay }) => holds === nodes[0].holds && delay === nodes[0].delay) ? undefined : nodes.at(-1)
    const lastColumns: Array<[string, (row: StrategyRow) => number]> = []

    if (last != null) {
      lastColumns.push([`asked of the ${last.holds === 'nothing' ? 'empty' : 'slow'} node, of all asked`, row => row.lastShare])
    }

    if (last?.holds === 'nothing') {
      lastColumns.push(['asked of it in vain, of wants', row => row.lastDontHaves])
    }

    return [
      `${name}: ${about}`,
      '',
      ...table(
        ['strategy', 'p50 ms', 'p99 ms', `p99 / ${strategies[0]}`, ...lastColumns.map(([name]) => name), 'most asked / average', 'most open / average', 'coalesced'],
        rows.filter(({ scenario }) => scenario === name).map(row => [
          `\`${row.strategy}\``,
          row.p50.toFixed(1),
          row.p99.toFixed(1),
          row.p99Ratio.toFixed(2),
          ...lastColumns.map(([, share]) => `${(share(row) * 100).toFixed(1)} %`),
          row.maxOverAverage.toFixed(2),
          row.peakOverAverage.toFixed(2),
          `${(row.coalesced * 100).toFixed(0)} %`
        ])
      )
    ].join('\n')
  }).join('\n\n')
}
