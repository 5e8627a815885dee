import type { FullScenario } from '../scenario/schema.ts'

/** Milliseconds from sending wants to their answers, within half a percent; undefined if none was answered. */
export interface Latency {
  readonly mean?: number
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly max?: number
  /** Time by share of the wants, if there are enough wants. */
  readonly curve: ReadonlyArray<{ readonly quantile: number, readonly ms: number }>
}

/** The figures of a member in a run. */
export interface MemberResult {
  readonly id: string
  /** Times it was asked, cancelled asks included. */
  readonly asks: number
  /** Its share of all asks, 0 to 1. */
  readonly share: number
  /** How often this member was asked for each want of a client. */
  readonly perWant: number
  readonly blocks: number
  readonly dontHaves: number
  readonly timeouts: number
  readonly failures: number
  readonly ejections: number
  /** Share of the blocks it worked on that were in its cache; undefined without a cache. */
  readonly hitShare?: number
  /** The most wants open at it. */
  readonly inFlightPeak: number
}

/** The totals between `warmup` and the end, under one strategy. */
export interface Totals {
  readonly wants: number
  readonly served: number
  /** Answered by DONT_HAVE. */
  readonly absent: number
  /** Cancelled by their clients because no answer came in time. */
  readonly unserved: number
  /** Wants that were sent to members, every attempt counted. */
  readonly asks: number
  /** Wants that joined a fetch which was open already. */
  readonly coalesced: number
  readonly retries: number
  readonly hedges: number
  readonly timeouts: number
  readonly dontHaves: number
  readonly failures: number
  readonly ejections: number
  /** The asks of the most asked member divided by the mean, each in proportion to its weight. */
  readonly maxByMean: number
  /** The open wants of the fullest member divided by the mean, averaged over time. */
  readonly inFlightMaxByMean: number
  /** The most wants open at one member. */
  readonly inFlightPeak: number
  /** Share of the blocks worked on that were in a cache; undefined without caches. */
  readonly hitShare?: number
  /** Share of the asks for a block that went to its usual member; undefined if hardly any block is asked for twice. */
  readonly homeShare?: number
  /** Share of the blocks for which another member was asked after `moves` than before; undefined without it. */
  readonly moved?: number
  /** Share of the blocks that moved although their member was still up. */
  readonly collateral?: number
}

/** A point for each bucket of time; null where there is no value. */
export interface Series {
  /** Ends of the buckets, ms. */
  readonly time: readonly number[]
  readonly served: readonly number[]
  readonly p50: ReadonlyArray<number | null>
  readonly p99: ReadonlyArray<number | null>
  /** For all members together. */
  readonly hits: ReadonlyArray<number | null>
  /** For each member. */
  readonly share: ReadonlyArray<ReadonlyArray<number | null>>
  readonly hitShare: ReadonlyArray<ReadonlyArray<number | null>>
  readonly inFlight: ReadonlyArray<readonly number[]>
}

/** The result of one strategy in one scenario. */
export interface RunResult {
  readonly scenario: string
  readonly strategy: string
  /** The variant of the scenario, if it has some. */
  readonly variant?: string
  readonly seed: number
  readonly totals: Totals
  readonly latency: Latency
  readonly members: readonly MemberResult[]
  readonly series: Series
}

/** A scenario and all its runs. */
export interface ScenarioResult {
  readonly scenario: FullScenario
  readonly runs: readonly RunResult[]
}
