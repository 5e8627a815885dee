import type { Latency, Series } from '../metrics/result.ts'

/** The data of the page; the code is in `page.ts`. */
export interface PageData {
  readonly command: string
  readonly scenarios: ReadonlyArray<{
    readonly name: string
    readonly title: string
    readonly about: string
    readonly members: readonly string[]
    readonly columns: ReadonlyArray<{ readonly title: string, readonly about: string }>
    readonly parameters: ReadonlyArray<{ readonly name: string, readonly value: string, readonly about: string }>
    readonly runs: ReadonlyArray<{
      readonly name: string
      readonly cells: readonly string[]
      readonly curve: Latency['curve']
      readonly series: Series
    }>
  }>
}
