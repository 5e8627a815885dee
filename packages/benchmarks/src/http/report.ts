import { median, medianRatio } from '../statistics.ts'
import { table } from '../table.ts'
import { DOORS } from './scenarios.ts'
import type { HttpRun } from './run.ts'
import type { Door, HttpScenario } from './scenarios.ts'

/** The medians of one door in one scenario. */
export interface HttpRow {
  scenario: string
  door: Door
  runs: number
  megabytesPerSecond: number
  requestsPerSecond: number
  p50: number
  p99: number
  cpuSecondsPerGiB: number
  cpuSecondsPer10kRequests: number
  /** Its rate divided by that of each other door: medians of the ratios within pairs. */
  of: Partial<Record<Door, number>>
}

/** The doors that each door is compared with. */
const COMPARED: Partial<Record<Door, readonly Door[]>> = { http1: ['kubo', 'bitswap'], https1: ['kubo', 'bitswap'], http2: ['kubo', 'http1', 'https1'] }

/** The medians of each scenario and door. */
export function httpReport (scenarios: readonly HttpScenario[], results: readonly HttpRun[]): HttpRow[] {
  return scenarios.flatMap(({ name }) => {
    const runsOf = (door: Door): HttpRun[] => results.filter(run => run.scenario === name && run.door === door).sort((a, b) => a.pair - b.pair)
    const rates = (door: Door): number[] => runsOf(door).map(({ requestsPerSecond }) => requestsPerSecond)

    return DOORS.map((door): HttpRow => {
      const runs = runsOf(door)
      const medianOf = (figure: (run: HttpRun) => number): number => median(runs.map(figure))

      return {
        scenario: name,
        door,
        runs: runs.length,
        megabytesPerSecond: medianOf(run => run.megabytesPerSecond),
        requestsPerSecond: medianOf(run => run.requestsPerSecond),
        p50: medianOf(run => run.p50),
        p99: medianOf(run => run.p99),
        cpuSecondsPerGiB: medianOf(run => run.cpuSecondsPerGiB),
        cpuSecondsPer10kRequests: medianOf(run => run.cpuSecondsPer10kRequests),
        of: Object.fromEntries((COMPARED[door] ?? []).map(other => [other, medianRatio(rates(door), rates(other))]))
      }
    })
  })
}

/** One table in Markdown. */
export function printHttp (rows: readonly HttpRow[]): string {
  const figure = (value: number, digits: number): string => value === 0 ? '–' : value.toFixed(digits)

  return table(
    ['workload', 'asked', 'MB/s', 'requests/s', 'p50 ms', 'p99 ms', 'CPU s/GiB', 'CPU s/10k requests', 'of kubo', 'of bitswap', 'of http1', 'of https1'],
    rows.map(row => [
      row.scenario,
      row.door,
      figure(row.megabytesPerSecond, 1),
      row.requestsPerSecond.toFixed(0),
      row.p50.toFixed(2),
      row.p99.toFixed(2),
      figure(row.cpuSecondsPerGiB, 2),
      row.cpuSecondsPer10kRequests.toFixed(2),
      ...(['kubo', 'bitswap', 'http1', 'https1'] as const).map(other => figure(row.of[other] ?? 0, 2))
    ])
  ).join('\n')
}
