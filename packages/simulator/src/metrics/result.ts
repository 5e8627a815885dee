import type { FullScenario } from '../scenario/schema.ts'

/** Milliseconds that wants took from being sent to being answered; undefined where none was. Within half a percent. */
export interface Latency {
  readonly mean?: number
  readonly p50?: number
  readonly p90?: number
  readonly p99?: number
  readonly p999?: number
  readonly max?: number
  /** Time by share of the wants, up to the share of which there are enough. */
  readonly curve: ReadonlyArray<{ readonly quantile: number, readonly ms: number }>
}

export interface MemberResult {
  readonly id: string
  /** Times it was asked, cancelled asks included. */
  readonly asks: number
  /** Its part of all asks, 0 to 1. */
  readonly share: number
  /** Asks for each want that was made, of this member. */
  readonly perWant: number
  readonly blocks: number
  readonly lacks: number
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
  /** Given up by their peers, for want of patience. */
  readonly unserved: number
  /** Wants that were sent to members, every attempt counted. */
  readonly asks: number
  /** Wants that joined one already on its way. */
  readonly coalesced: number
  readonly retries: number
  readonly hedges: number
  readonly timeouts: number
  readonly lacks: number
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
  /** Share of asks for a block that went to the member which most of them went to; undefined where hardly a block is asked for twice. */
  readonly homeShare?: number
  /** Blocks of a catalogue that were asked of another member after `moves` than before; undefined without it. */
  readonly moved?: number
  /** Such blocks whose member before was still up. */
  readonly collateral?: number
}

/** A point for each bucket of time; null where there is nothing to say. */
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

/** All runs of one scenario, and all that was simulated. */
export interface ScenarioResult {
  readonly scenario: FullScenario
  readonly runs: readonly RunResult[]
}
