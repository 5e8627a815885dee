import { median, medianRatio } from '../statistics.ts'
import { table } from '../table.ts'
import type { PreloadRun } from './measure.ts'
import type { PreloadScenario } from './scenarios.ts'

/** The medians of one scenario. */
export interface PreloadRow {
  scenario: string
  runs: number
  /** Millions of bytes a second. */
  preload: number
  pin: number
  /** The rate of a preload divided by that of a pin: the median of the ratios within pairs. */
  ratio: number
  /** The least ratio that is required. */
  least: number
  passed: boolean
  cpuSecondsPerGiB: number
}

/** For each scenario the median rates of preload and pin, and whether their ratio is high enough. */
export function preloadReport (scenarios: readonly PreloadScenario[], runs: readonly PreloadRun[]): PreloadRow[] {
  return scenarios.map(({ name, least }) => {
    const own = runs.filter(({ scenario }) => scenario === name)
    const [preload, pin] = [own.map(run => run.preload), own.map(run => run.pin)]
    const ratio = medianRatio(preload, pin)

    return {
      scenario: name,
      runs: own.length,
      preload: median(preload),
      pin: median(pin),
      ratio,
      least,
      passed: ratio >= least,
      cpuSecondsPerGiB: median(own.map(run => run.cpuSecondsPerGiB))
    }
  })
}

/** One table in Markdown. */
export function printPreload (rows: readonly PreloadRow[]): string {
  return table(
    ['preload', 'runs', 'MB/s', 'pin without a balancer, MB/s', 'preload / pin', 'required', 'met', 'CPU s/GiB'],
    rows.map(({ scenario, runs, preload, pin, ratio, least, passed, cpuSecondsPerGiB }) => [
      scenario,
      `${runs}`,
      preload.toFixed(1),
      pin.toFixed(1),
      `${ratio.toFixed(2)} ×`,
      `${least} ×`,
      passed ? 'yes' : 'no',
      cpuSecondsPerGiB.toFixed(2)
    ])
  ).join('\n')
}
