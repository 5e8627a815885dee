import { UsageError } from '../errors.ts'
import type { RunResult, ScenarioResult, Totals } from '../metrics/result.ts'

/** One figure of a run, as tables and reports show it. */
export interface Column {
  readonly title: string
  /** What it means, with its unit. */
  readonly about: string
  of (run: RunResult): string | undefined
}

const COLUMNS: readonly Column[] = [
  { title: 'p50 ms', about: 'half of the wants took at most this long', of: ({ latency }) => ms(latency.p50) },
  { title: 'p90 ms', about: '90% of the wants took at most this long', of: ({ latency }) => ms(latency.p90) },
  { title: 'p99 ms', about: '99% of the wants took at most this long', of: ({ latency }) => ms(latency.p99) },
  { title: 'p99.9 ms', about: '99.9% of the wants took at most this long', of: ({ latency }) => ms(latency.p999) },
  { title: 'served', about: 'wants answered with what they asked for', of: ({ totals }) => percent(totals.served / ended(totals), 2) },
  { title: 'absent', about: 'wants answered with DONT_HAVE', of: ({ totals }) => some(totals.absent, percent(totals.absent / ended(totals), 2)) },
  { title: 'unserved', about: 'wants that their clients cancelled unanswered', of: ({ totals }) => some(totals.unserved, percent(totals.unserved / ended(totals), 2)) },
  { title: 'asks/want', about: 'asks of members for each want', of: ({ totals }) => (totals.asks / totals.wants).toFixed(3) },
  { title: 'max/mean', about: 'asks of the most asked member, divided by the mean', of: ({ totals }) => totals.maxByMean.toFixed(2) },
  { title: 'in flight max/mean', about: 'open wants of the fullest member, divided by the mean, over time', of: ({ totals }) => totals.inFlightMaxByMean.toFixed(2) },
  { title: 'peak', about: 'the most wants open at one member', of: ({ totals }) => totals.inFlightPeak.toFixed(0) },
  { title: 'cache hits', about: 'share of the blocks that members had in their caches', of: ({ totals }) => percent(totals.hitShare) },
  { title: 'home', about: 'share of the asks for a block that went to its usual member', of: ({ totals }) => percent(totals.homeShare) },
  { title: 'moved', about: 'blocks for which another member was asked after the change than before', of: ({ totals }) => percent(totals.moved) },
  { title: 'collateral', about: 'blocks that moved although their member was still there', of: ({ totals }) => percent(totals.collateral) },
  { title: 'coalesced', about: 'wants that joined a fetch which was open already', of: ({ totals }) => some(totals.coalesced, percent(totals.coalesced / totals.wants)) },
  { title: 'DONT_HAVEs', about: 'asks that were answered with DONT_HAVE', of: ({ totals }) => some(totals.dontHaves, percent(totals.dontHaves / totals.asks)) },
  { title: 'hedges', about: 'wants for which a second member was asked while the first was slow', of: ({ totals }) => some(totals.hedges, percent(totals.hedges / totals.wants)) },
  { title: 'timeouts', about: 'asks that took too long', of: ({ totals }) => some(totals.timeouts, String(totals.timeouts)) },
  { title: 'ejections', about: 'times a member was ejected', of: ({ totals }) => some(totals.ejections, String(totals.ejections)) }
]

/** The columns that have a value in at least one run. */
export function columns (runs: readonly RunResult[]): readonly Column[] {
  return COLUMNS.filter(column => runs.some(run => column.of(run) != null))
}

/**
 * The runs of a scenario as a table in Markdown, which a terminal shows as well, with
 * the columns of these titles, or all columns that have a value.
 *
 * @throws {UsageError} if there is no such column
 */
export function printRuns ({ runs }: Pick<ScenarioResult, 'runs'>, titles?: readonly string[]): string {
  const shown = titles?.map(title => column(title, runs[0])) ?? columns(runs)

  return table(
    ['strategy', ...shown.map(({ title }) => title)],
    runs.map(run => [runName(run), ...shown.map(({ of }) => of(run) ?? '–')])
  )
}

function column (title: string, { members }: RunResult): Column {
  const [, figure, id] = /^(share|asks) (.+)$/.exec(title) ?? []
  const index = members.findIndex(member => member.id === id)

  if (index !== -1) {
    return figure === 'share'
      ? { title, about: 'its share of all asks', of: ({ members }) => percent(members[index].share, 2) }
      : { title, about: 'asks of it for each want', of: ({ members }) => members[index].perWant.toFixed(3) }
  }

  const known = COLUMNS.find(column => column.title === title)

  if (known == null) {
    throw new UsageError(`--columns: there is no "${title}", only share NAME and asks NAME with the name of a member, and ${COLUMNS.map(({ title }) => title).join(', ')}`)
  }

  return known
}

/** The name of a run among those of its scenario. */
export function runName ({ strategy, variant }: Pick<RunResult, 'strategy' | 'variant'>): string {
  return variant == null ? strategy : `${strategy}, ${variant}`
}

/** Each member's share of the asks, one row for each strategy. */
export function printShares ({ runs }: Pick<ScenarioResult, 'runs'>): string {
  return table(
    ['share of asks', ...runs[0].members.map(({ id }) => id)],
    runs.map(run => [runName(run), ...run.members.map(({ share }) => percent(share) ?? '–')])
  )
}

/** A Markdown table with aligned columns, the first to the left. */
export function table (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, i) => Math.max(title.length, 3, ...rows.map(row => row[i].length)))
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(' | ')} |`

  return [
    line(head),
    `|${widths.map((width, i) => `${'-'.repeat(width + 1)}${i === 0 ? '-' : ':'}`).join('|')}|`,
    ...rows.map(line)
  ].join('\n')
}

/** Milliseconds with about three digits, without their unit. */
export function ms (value: number | undefined): string | undefined {
  if (value == null) {
    return undefined
  }

  return value.toFixed(value < 10 ? 2 : Number(value < 100))
}

/** A share from 0 to 1 in percent; undefined if there is none. */
export function percent (value: number | undefined, digits = 1): string | undefined {
  return value == null || Number.isNaN(value) ? undefined : `${(value * 100).toFixed(digits)}%`
}

/** Wants that have ended, one way or another: some are still open when a run ends. */
function ended ({ served, absent, unserved }: Totals): number {
  return served + absent + unserved
}

function some (count: number, text: string | undefined): string | undefined {
  return count === 0 ? undefined : text
}
