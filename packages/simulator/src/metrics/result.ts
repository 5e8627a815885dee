import type { FullScenario } from '../scenario/schema.ts'

/** Milliseconds from sending wants to their answers, within half a percent; undefined if none was answered. */
export interface Latency {
  readonly mean?: number
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly max?: number
  /** Time by share of the wants, as far as there are enough wants. */
  readonly curve: ReadonlyArray<{ readonly quantile: number, readonly ms: number }>
}

/** What a member did in a run. */
export interface MemberResult {
  readonly id: string
  /** Times it was asked, cancelled asks included. */
  readonly asks: number
  /** Its part of all asks, 0 to 1. */
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

/** What happened between `warmup` and the end, under one strategy. */
export interface Totals {
  readonly wants: number
  readonly served: number
  /** Answered by DONT_HAVE. */
  readonly denied: number
  /** Cancelled by their clients, which had no answer in time. */
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
  /** The most asked member's asks by the mean, each by its weight. */
  readonly maxByMean: number
  /** The fullest member's open wants by the mean, averaged over time. */
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
  /** Of all members together. */
  readonly hits: ReadonlyArray<number | null>
  /** By member. */
  readonly share: ReadonlyArray<ReadonlyArray<number | null>>
  readonly hitShare: ReadonlyArray<ReadonlyArray<number | null>>
  readonly inFlight: ReadonlyArray<readonly number[]>
}

/** What a run of one strategy in one scenario came to. */
export interface RunResult {
  readonly scenario: string
  readonly strategy: string
  /** Of the scenario, if it has variants. */
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
