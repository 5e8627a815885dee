import { median } from '../statistics.ts'
import { table } from '../table.ts'
import { HOVERBOARD } from './scenarios.ts'
import type { EdgeRun } from './measure.ts'

/** The medians of a scenario. */
export type EdgeRow = EdgeRun & { readonly runs: number }

const FIGURES = ['megabytesPerSecond', 'blocksPerSecond', 'p50', 'p99', 'first', 'cpuSecondsPerGiB', 'cpuMsPerBlock', 'readsPerBlock', 'dollars', 'memory', 'peakRss'] as const

/** The medians of the runs of each scenario, for each server. */
export function edgeReport (runs: readonly EdgeRun[]): EdgeRow[] {
  const groups = Map.groupBy(runs, ({ scenario, through }) => `${scenario} ${through}`)

  return Array.from(groups.values(), group => {
    const medians = Object.fromEntries(FIGURES.map(figure => [figure, median(group.map(run => run[figure]))])) as Pick<EdgeRun, typeof FIGURES[number]>

    return { scenario: group[0].scenario, through: group[0].through, runs: group.length, ...medians }
  })
}

/** One table in Markdown. */
export function printEdge (rows: readonly EdgeRow[]): string {
  return table(
    ['workload', 'through', 'MB/s', 'blocks/s', 'p50 ms', 'p99 ms', 'first ms', 'CPU s/GiB', 'CPU ms/block', 'reads/block', '$/M blocks', 'isolate MB', 'peak RSS MB', 'Hoverboard v2'],
    rows.map(row => [
      row.scenario,
      row.through,
      row.megabytesPerSecond.toFixed(1),
      row.blocksPerSecond.toFixed(0),
      row.p50.toFixed(1),
      row.p99.toFixed(1),
      row.first.toFixed(0),
      row.cpuSecondsPerGiB.toFixed(2),
      row.cpuMsPerBlock.toFixed(3),
      row.through === 'bare' ? '–' : row.readsPerBlock.toFixed(3),
      row.through === 'bare' ? '–' : row.dollars.toFixed(2),
      row.through === 'bare' ? '–' : (row.memory / 1e6).toFixed(0),
      (row.peakRss / 1e6).toFixed(0),
      row.through === 'bare' ? '–' : HOVERBOARD[row.scenario] ?? '–'
    ])
  ).join('\n')
}
