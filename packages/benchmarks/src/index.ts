/**
 * @packageDocumentation
 *
 * Every figure that the documentation states, measured side by side with its
 * baseline in one run: a client in Go, a proxy and a kubo, each in its own process,
 * on one machine.
 *
 * {@link bench} is what `npm run bench` runs. {@link startNaiveCopy} is the
 * baseline: a proxy that copies bitswap streams without reading them.
 */

export { parseOptions } from './args.ts'
export type { Options, SubjectName } from './args.ts'
export { bench } from './bench.ts'
export type { BenchResult } from './bench.ts'
export type { CodecFigure, CodecFigures } from './codec.ts'
export * from './errors.ts'
export { startNaiveCopy } from './naive-copy.ts'
export type { NaiveCopyInit } from './naive-copy.ts'
export type { PickFigure } from './picks.ts'
export type { RunResult } from './run.ts'
export type { StrategyRow } from './strategies/report.ts'
export type { StrategyRun } from './strategies/run.ts'
export { STRATEGY_SCENARIOS } from './strategies/scenarios.ts'
export type { StrategyScenario } from './strategies/scenarios.ts'
export type { Comparison, Report, Row } from './table.ts'
export { WORKLOADS } from './workloads.ts'
export type { Workload } from './workloads.ts'
