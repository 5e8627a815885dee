/** The file in which results of floods are kept: a table, of which some rows may be replaced by later ones. */
import { UsageError } from '../errors.ts'
import { exceeds } from './run.ts'
import type { Transport } from './flood.ts'
import type { Latencies } from './honest.ts'
import type { AttackResult } from './run.ts'

/** The columns of the table. */
export const HEAD = [
  '| flood | sent, MB | honest p50 / p99 before, ms | flooding another balancer | during | after | RSS before / peak / after, MiB | heap and external before / after, MiB | longest stall / loop delay p99, ms | above the limits | measured |',
  '|---|---|---|---|---|---|---|---|---|---|---|'
]

/** What a flood is called in the table. */
export function title ({ name, transport }: { readonly name: string, readonly transport: Transport }): string {
  return `${name}${transport === 'ws' ? ', WebSocket' : ''}`
}

/** A row of the table; `measured` says when and how it was measured. */
export function row (result: AttackResult, measured: string): string {
  const { sent, before, sink, during, after, rss, heap, stall, delay } = result
  const MiB = (bytes: number): string => String(Math.round(bytes / (1 << 20)))

  return `| ${title(result)} | ${(sent / 1e6).toFixed(1)} | ${times(before)} | ${times(sink)} | ${times(during)} | ${times(after)} | ${MiB(rss.before)} / ${MiB(rss.peak)} / ${MiB(rss.after)} | ${MiB(heap.before)} / ${MiB(heap.after)} | ${Math.round(stall)} / ${Math.round(delay)} | ${exceeds(result) ? 'yes' : 'no'} | ${measured} |`
}

function times ({ p50, p99, lost }: Latencies): string {
  return `${p50.toFixed(0)} / ${p99.toFixed(0)}${lost > 0 ? `, ${lost} lost` : ''}`
}

/** The whole file, with its rows in the order of `titles`; others are left out. `machine` says on what all of them were measured. */
export function recorded (machine: string, titles: readonly string[], rows: ReadonlyMap<string, string>): string {
  return [
    '# Floods of a balancer',
    '',
    `Written by \`npm run attack\`: ${machine}.`,
    'The balancer, its member, the honest client and the attacker share the machine, so "flooding another balancer" shows what the attacker costs',
    'the machine: the honest client is measured while the same flood goes to a second balancer beside the first. Each row is the median of its runs',
    'by how long the honest client waits during the flood; memory "after" is that of a time after the last run, which the last column has.',
    '',
    ...HEAD,
    ...titles.flatMap(title => rows.get(title) ?? []),
    ''
  ].join('\n')
}

/**
 * The rows of such a file, by their titles.
 *
 * @throws {UsageError} If it is of another machine, or has other columns: its rows and new ones are no table
 */
export function readRecorded (text: string, machine: string): Map<string, string> {
  const lines = text.split('\n')

  if (!lines.includes(HEAD[0]) || !lines.includes(`Written by \`npm run attack\`: ${machine}.`)) {
    throw new UsageError('the results that there are were measured on another machine, or by another version of this command: record all floods, without --only')
  }

  return new Map(lines.filter(line => line.startsWith('| ') && !HEAD.includes(line)).map(line => [line.split(' | ')[0].slice(2), line]))
}
