import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { kuboMissing, searchKubo } from '@kitsune/interop'
import { BLOCK_SOURCE, CODEC, FLOOR, PICKS, SCALE } from './args.ts'
import { FULL, QUICK, blockSourceFigures, printBlockSource } from './block-source/figures.ts'
import { codecFigures, printCodec } from './codec.ts'
import { measureDistances } from './distance/measure.ts'
import { distanceReport, printDistances } from './distance/report.ts'
import { DISTANCE_SCENARIOS, nearer } from './distance/scenarios.ts'
import { insertResults } from './docs.ts'
import { measureEdge } from './edge/measure.ts'
import { edgeReport, printEdge } from './edge/report.ts'
import { EDGE_SCENARIOS, fewerEdge } from './edge/scenarios.ts'
import { MissingToolError } from './errors.ts'
import { floorFigure } from './floor.ts'
import { measureHttp } from './http/measure.ts'
import { httpReport, printHttp } from './http/report.ts'
import { HTTP_SCENARIOS, fewer } from './http/scenarios.ts'
import { measure } from './measure.ts'
import { pickFigures, printPicks } from './picks.ts'
import { measurePreload } from './preload/measure.ts'
import { preloadReport, printPreload } from './preload/report.ts'
import { PRELOAD_SCENARIOS, smaller } from './preload/scenarios.ts'
import { print, progress } from './print.ts'
import { printSummary, summarize } from './profile-summary.ts'
import { scaleBars } from './scale/bars.ts'
import { measureScale } from './scale/measure.ts'
import { printScale } from './scale/report.ts'
import { measureStrategies } from './strategies/measure.ts'
import { printStrategies, strategyReport } from './strategies/report.ts'
import { STRATEGY_SCENARIOS, shortened } from './strategies/scenarios.ts'
import { printReport, report } from './table.ts'
import { WORKLOADS, quick } from './workloads.ts'
import type { Options } from './args.ts'
import type { BlockSourceFigures } from './block-source/bars.ts'
import type { CodecFigures } from './codec.ts'
import type { DistanceRow } from './distance/report.ts'
import type { DistanceRun } from './distance/run.ts'
import type { DistanceScenario } from './distance/scenarios.ts'
import type { EdgeRun } from './edge/measure.ts'
import type { EdgeRow } from './edge/report.ts'
import type { FloorFigure } from './floor.ts'
import type { HttpRow } from './http/report.ts'
import type { HttpRun } from './http/run.ts'
import type { HttpScenario } from './http/scenarios.ts'
import type { PickFigure } from './picks.ts'
import type { PreloadRun } from './preload/measure.ts'
import type { PreloadRow } from './preload/report.ts'
import type { PreloadScenario } from './preload/scenarios.ts'
import type { RunResult } from './run.ts'
import type { Bar } from './scale/bars.ts'
import type { ScaleFigures } from './scale/measure.ts'
import type { StrategyRow } from './strategies/report.ts'
import type { StrategyRun } from './strategies/run.ts'
import type { StrategyScenario } from './strategies/scenarios.ts'
import type { Report } from './table.ts'
import type { Workload } from './workloads.ts'

/** All results of a run of the benchmarks, as `--json` writes them. */
export interface BenchResult {
  /** ISO 8601. */
  at: string
  machine: { cores: number, cpu: string, memory: number, node: string, kubo?: string }
  quick: boolean
  codec?: CodecFigures
  picks?: PickFigure[]
  floor?: FloorFigure
  blockSource?: BlockSourceFigures
  scale?: ScaleFigures & { bars: Bar[] }
  runs: RunResult[]
  report: Report
  distances?: { scenarios: readonly DistanceScenario[], runs: DistanceRun[], rows: DistanceRow[] }
  edge?: { runs: EdgeRun[], rows: EdgeRow[] }
  http?: { scenarios: readonly HttpScenario[], runs: HttpRun[], rows: HttpRow[] }
  preload?: { scenarios: readonly PreloadScenario[], runs: PreloadRun[], rows: PreloadRow[] }
  strategies?: { scenarios: readonly StrategyScenario[], runs: StrategyRun[], rows: StrategyRow[] }
}

const FLOOR_BYTES = 2 ** 30

/**
 * Runs the benchmarks that the options name. Progress goes to standard error, tables to
 * standard output, unless that is where the JSON goes.
 *
 * @throws {MissingToolError} if kubo, go or a build is missing
 * @throws {UsageError} if the document of `--docs` has no place for the tables
 */
export async function bench (options: Options): Promise<BenchResult> {
  const say = options.json === '-' ? progress : print
  const workloads = WORKLOADS
    .filter(({ name }) => options.only.includes(name))
    .map(workload => options.quick ? quick(workload) : workload)
  const distances = DISTANCE_SCENARIOS
    .filter(({ name }) => options.only.includes(name))
    .map(scenario => options.quick ? nearer(scenario) : scenario)
  const doors = HTTP_SCENARIOS
    .filter(({ name }) => options.only.includes(name))
    .map(scenario => options.quick ? fewer(scenario) : scenario)
  const preloads = PRELOAD_SCENARIOS
    .filter(({ name }) => options.only.includes(name))
    .map(scenario => options.quick ? smaller(scenario) : scenario)
  const edges = EDGE_SCENARIOS
    .filter(({ name }) => options.only.includes(name))
    .map(scenario => options.quick ? fewerEdge(scenario) : scenario)
  const scenarios = STRATEGY_SCENARIOS
    .filter(({ name }) => options.only.includes(name))
    .map(scenario => options.quick ? shortened(scenario) : scenario)
  const result: BenchResult = {
    at: new Date().toISOString(),
    machine: {
      cores: availableParallelism(),
      cpu: cpus()[0]?.model ?? 'unknown',
      memory: totalmem(),
      node: process.version
    },
    quick: options.quick,
    runs: [],
    report: { rows: [], comparisons: [] }
  }

  if (options.docs != null) {
    // a document without marks must fail now, not after a quarter of an hour
    insertResults(readFileSync(options.docs, 'utf8'), '')
  }

  await ours(result, options)

  if (workloads.length > 0) {
    await proxies(result, workloads, options, say)
  }

  if (distances.length > 0 && options.profile == null) {
    const runs = await measureDistances(kuboFor(result), distances, options.pairs)
    result.distances = { scenarios: distances, runs, rows: distanceReport(distances, runs) }
  }

  if (edges.length > 0 && options.profile == null) {
    // medians of three, as the figures of Hoverboard are
    const runs = await measureEdge(edges, options.scaleRuns)
    result.edge = { runs, rows: edgeReport(runs) }
  }

  if (doors.length > 0 && options.profile == null) {
    const runs = await measureHttp(kuboFor(result), doors, options.pairs)
    result.http = { scenarios: doors, runs, rows: httpReport(doors, runs) }
  }

  if (preloads.length > 0 && options.profile == null) {
    const runs = await measurePreload(kuboFor(result), preloads, options.scaleRuns)
    result.preload = { scenarios: preloads, runs, rows: preloadReport(preloads, runs) }
  }

  if (scenarios.length > 0 && options.profile == null) {
    const runs = await measureStrategies(kuboFor(result), scenarios, options.pairs)
    result.strategies = { scenarios, runs, rows: strategyReport(scenarios, runs) }
  }

  publish(result, options, say)

  return result
}

/** Runs the benchmarks that need neither kubo nor a proxy. */
async function ours (result: BenchResult, options: Options): Promise<void> {
  if (options.profile != null) {
    return
  }

  if (options.only.includes(CODEC)) {
    progress('codec')
    result.codec = codecFigures({ quick: options.quick })
  }

  if (options.only.includes(PICKS)) {
    progress('picks')
    result.picks = pickFigures({ quick: options.quick })
  }

  if (options.only.includes(FLOOR)) {
    progress('floor')
    result.floor = await floorFigure(options.pairs, options.quick ? FLOOR_BYTES / 4 : FLOOR_BYTES)
  }

  if (options.only.includes(BLOCK_SOURCE)) {
    result.blockSource = await blockSourceFigures({ ...(options.quick ? QUICK : FULL), rounds: options.pairs })
  }

  if (options.only.includes(SCALE)) {
    const figures = await measureScale({ runs: options.scaleRuns, quick: options.quick })
    result.scale = { ...figures, bars: scaleBars(figures) }
  }
}

/** Writes the result to standard output, and where the options say. */
function publish (result: BenchResult, options: Options, say: (text: string) => void): void {
  const tables = printResult(result)
  say(`\n${tables}`)

  if (options.docs != null) {
    writeFileSync(options.docs, insertResults(readFileSync(options.docs, 'utf8'), tables))
  }

  if (options.json === '-') {
    print(JSON.stringify(result, null, 2))
  } else if (options.json != null) {
    writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`)
  }
}

async function proxies (result: BenchResult, workloads: readonly Workload[], options: Options, say: (text: string) => void): Promise<void> {
  result.runs = await measure(kuboFor(result), workloads, options, file => {
    say(`\n${file}\n${printSummary(summarize(JSON.parse(readFileSync(file, 'utf8'))))}\n`)
  })
  result.report = report(result.runs)
}

/** The path of kubo, whose version goes into the result. */
function kuboFor ({ machine }: BenchResult): string {
  const search = searchKubo()

  if (search.kubo == null) {
    throw new MissingToolError(kuboMissing(search))
  }

  machine.kubo = search.kubo.version

  return search.kubo.path
}

/** Everything in Markdown, which a terminal shows as well. */
function printResult ({ at, machine, quick, codec, picks, floor, blockSource, scale, report, distances, edge, http, preload, strategies }: BenchResult): string {
  const parts = [
    `${at.slice(0, 10)}, ${machine.cores} cores (${machine.cpu}), Node ${machine.node.slice(1)}${machine.kubo == null ? '' : `, kubo ${machine.kubo}`}${quick ? ', shortened: not for publishing' : ''}.`
  ]

  if (report.rows.length > 0) {
    parts.push(printReport(report))
  }

  if (floor != null) {
    parts.push(`Floor: ${floor.cpuSecondsPerGiB.toFixed(2)} CPU s/GiB, ${floor.systemCpuSecondsPerGiB.toFixed(2)} of them in the kernel, at ${floor.megabytesPerSecond.toFixed(0)} MB/s.`)
  }

  if (codec != null) {
    parts.push(printCodec(codec))
  }

  if (picks != null) {
    parts.push(printPicks(picks))
  }

  if (blockSource != null) {
    parts.push(printBlockSource(blockSource))
  }

  if (scale != null) {
    parts.push(printScale(scale))
  }

  if (distances != null) {
    parts.push(printDistances(distances.scenarios, distances.rows))
  }

  if (edge != null) {
    parts.push(printEdge(edge.rows))
  }

  if (http != null) {
    parts.push(printHttp(http.rows))
  }

  if (preload != null) {
    parts.push(printPreload(preload.rows))
  }

  if (strategies != null) {
    parts.push(printStrategies(strategies.scenarios, strategies.rows))
  }

  return parts.join('\n\n')
}
