import { ratio } from './figures.ts'
import type { EngineStatus, MemberTotals, Totals as EngineTotals } from '@kitsune/want-router'

/** The counts of one member, from the start. */
export interface Counts { asks: number, hits: number, misses: number, inFlight: number, peak: number }

/** Counts at a moment. At the start, before there is an engine, all are 0. */
export interface Mark {
  readonly status?: EngineStatus
  readonly members: readonly Counts[]
}

/** Share of the blocks worked on since then that were in a cache; undefined if there were none. */
export function hitShare (now: Counts, before: Counts): number | undefined {
  const hits = now.hits - before.hits

  return ratio(hits, hits + now.misses - before.misses)
}

/** The counts of all members together. */
export function total (counts: readonly Counts[]): Counts {
  return { asks: sum(counts, 'asks'), hits: sum(counts, 'hits'), misses: sum(counts, 'misses'), inFlight: 0, peak: 0 }
}

/** Adds up one of the counts. */
export function sum (counts: readonly Counts[], name: keyof Counts): number {
  return counts.reduce((all, count) => all + count[name], 0)
}

/** The counts of an engine since then. */
export function totalsSince <T extends MemberTotals | EngineTotals> (now: Readonly<T>, before?: Readonly<T>): T {
  const counts = now as unknown as Record<string, number>
  const older = before as unknown as Record<string, number> | undefined

  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value - (older?.[name] ?? 0)])) as unknown as T
}
