import { median } from '../statistics.ts'
import { DOWN, DOWN_CASE, SCALE_STRATEGIES } from './grid.ts'
import { MOST_PICKS } from './slices.ts'
import type { ScaleCase, ScaleStrategy } from './grid.ts'
import type { ScaleFigures } from './measure.ts'

/** The figures of one case over all its runs. */
export interface ScaleRow extends ScaleCase {
  readonly strategy: string
  /** CPU time a want, µs: the least of the runs, since the engine does the same in each, and what disturbs a run only adds to it. */
  readonly cpu: number
  readonly picks: number
  /** A run was cut off: the true cost is higher. */
  readonly cut: boolean
}

/** A requirement, and whether it is met. */
export interface Bar {
  /** A strategy, or a case of slices. */
  readonly of: string
  readonly bar: string
  /** The worst value. */
  readonly value: number
  readonly allowed: number
  /** The case with the worst value. */
  readonly at: string
  readonly passed: boolean
}

const OVER_CLIENTS = 1.5
const OVER_MEMBERS = 1.5
const OVER_WANTS = 2.5
const A_MEMBER_AND_PICK = 0.1
const WITH_DOWN = 1.1

/** The figures of each strategy and case, over all runs, and whether they are within the limits of the case. */
export function scaleRows ({ served }: Pick<ScaleFigures, 'served'>): ScaleRow[] {
  return SCALE_STRATEGIES.flatMap(({ name }) => {
    const runs = served.filter(({ strategy }) => strategy === name)

    return (runs.at(0)?.figures ?? []).map(({ clients, members, wants }, i) => {
      const figures = runs.map(run => run.figures[i])

      return {
        strategy: name,
        clients,
        members,
        wants,
        cpu: Math.min(...figures.map(({ cpu }) => cpu)),
        picks: median(figures.map(({ picks }) => picks)),
        cut: figures.some(({ cut }) => cut)
      }
    })
  })
}

/** Checks all requirements for which there are figures. */
export function scaleBars (figures: ScaleFigures): Bar[] {
  const rows = scaleRows(figures)

  return [
    ...SCALE_STRATEGIES.flatMap(strategy => {
      const own = rows.filter(row => row.strategy === strategy.name)

      return own.length === 0 ? [] : [...strategyBars(strategy, own), ...downBar(strategy, figures)]
    }),
    ...figures.slices.map((slice): Bar => ({
      of: slice.case,
      bar: 'picks in one call',
      value: slice.picks,
      allowed: MOST_PICKS,
      at: slice.what,
      passed: slice.picks <= MOST_PICKS && !slice.cut
    }))
  ]
}

function strategyBars ({ name, cost }: ScaleStrategy, rows: readonly ScaleRow[]): Bar[] {
  if (cost === 'by-member') {
    return memberAndPick(name, rows)
  }

  return [
    ...ratioBar(name, 'most / least over clients', OVER_CLIENTS, groups(rows, ['members', 'wants'])),
    ...ratioBar(name, 'most / least over members', OVER_MEMBERS, groups(rows, ['clients', 'wants'])),
    ...ratioBar(name, 'most / least over wants', OVER_WANTS, groups(rows, ['clients', 'members']))
  ]
}

/** The ratio of the most to the least within a group. */
function ratioBar (of: string, bar: string, allowed: number, groups: ReadonlyMap<string, readonly ScaleRow[]>): Bar[] {
  const found = [...groups].map(([at, rows]) => {
    const costs = rows.map(({ cpu }) => cpu)

    return { at, value: Math.max(...costs) / Math.min(...costs), cut: rows.some(({ cut }) => cut) }
  })

  return worst(of, bar, allowed, found)
}

/** What each further member adds to the cost of a pick, µs. */
function memberAndPick (of: string, rows: readonly ScaleRow[]): Bar[] {
  const found = [...groups(rows, ['clients', 'wants'])].map(([at, group]) => {
    const [few, many] = [...group].sort((a, b) => a.members - b.members)

    return { at, value: (many.cpu - few.cpu) / (many.members - few.members) / many.picks, cut: few.cut || many.cut }
  })

  return worst(of, 'per further member and pick, µs', A_MEMBER_AND_PICK, found)
}

/** The median of the ratios within runs, where both figures are from the same time. */
function downBar ({ name }: ScaleStrategy, { served }: ScaleFigures): Bar[] {
  const pairs = served.filter(({ strategy }) => strategy === name).map(({ down }) => down)
  const value = median(pairs.map(pair => pair.with.cpu / pair.without.cpu))

  return worst(name, `with / without ${DOWN.toLocaleString('en')} members that are down`, WITH_DOWN, [
    { at: `clients: ${DOWN_CASE.clients}, members: ${DOWN_CASE.members}`, value, cut: pairs.some(pair => pair.with.cut || pair.without.cut) }
  ])
}

/** The bar with the worst of the values; none if there are none. */
function worst (of: string, bar: string, allowed: number, found: ReadonlyArray<{ at: string, value: number, cut: boolean }>): Bar[] {
  const passed = found.every(({ value, cut }) => value <= allowed && !cut)

  return [...found].sort((a, b) => b.value - a.value).slice(0, 1).map(({ at, value }) => ({ of, bar, value, allowed, at, passed }))
}

/** Rows by what they have in common; only groups of several. */
function groups (rows: readonly ScaleRow[], by: ReadonlyArray<keyof ScaleCase>): Map<string, ScaleRow[]> {
  const groups = Map.groupBy(rows, row => by.map(name => `${name}: ${row[name].toLocaleString('en')}`).join(', '))

  return new Map([...groups].filter(([, rows]) => rows.length > 1))
}
