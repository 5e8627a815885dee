import { table } from '../table.ts'
import { scaleBars, scaleRows } from './bars.ts'
import { DOWN, DOWN_CASE, MESSAGE, SCALE_STRATEGIES } from './grid.ts'
import { SLICES_IN_WORDS } from './slices.ts'
import type { Bar, ScaleRow } from './bars.ts'
import type { ScaleFigures } from './measure.ts'
import type { MemoryFigure } from './memory.ts'
import type { SliceFigure } from './slices.ts'

/** The whole report in Markdown. */
export function printScale (figures: ScaleFigures): string {
  const bars = scaleBars(figures)
  const failed = bars.filter(({ passed }) => !passed).length

  return [
    `Scale: CPU time per want, µs, with ${MESSAGE} wants per message. All wants arrive, then all are served. ` +
      'The least of the runs, each in its own process; ">": cut off.',
    printRows(scaleRows(figures), figures),
    'Slices: the cost of single calls of the engine, with the default strategy.',
    printSlices(figures.slices),
    `Memory: ${printMemory(figures.memory)}.`,
    `Bars: ${bars.length - failed} met, ${failed} missed.`,
    printBars(bars)
  ].join('\n\n')
}

function printRows (rows: readonly ScaleRow[], { served }: ScaleFigures): string {
  const cases = new Map(rows.map(({ clients, members, wants }) => [caseOf({ clients, members, wants }), { clients, members, wants }]))
  const inOrder = [...cases.values()].sort((a, b) => a.wants - b.wants || a.clients - b.clients || a.members - b.members)
  const strategies = SCALE_STRATEGIES.filter(({ name }) => rows.some(({ strategy }) => strategy === name))

  return table(
    ['clients', 'members', 'wants', ...strategies.map(({ name }) => name)],
    [
      ...inOrder.map(one => [
        ...[one.clients, one.members, one.wants].map(count),
        ...strategies.map(({ name }) => {
          const row = rows.find(row => row.strategy === name && caseOf(row) === caseOf(one))

          return row == null ? '' : `${row.cut ? '> ' : ''}${row.cpu.toFixed(1)}`
        })
      ]),
      [
        count(DOWN_CASE.clients),
        `${DOWN_CASE.members} and ${count(DOWN)} down`,
        count(DOWN_CASE.wants),
        ...strategies.map(({ name }) => served.find(({ strategy }) => strategy === name)?.down.with.cpu.toFixed(1) ?? '')
      ]
    ]
  ).join('\n')
}

function printSlices (slices: readonly SliceFigure[]): string {
  return table(
    ['case', 'phase', 'how many', 'µs each', 'longest call ms', 'most picks per call', 'picks'],
    slices.map(slice => [
      SLICES_IN_WORDS[slice.case],
      slice.what,
      count(slice.count),
      `${slice.cut ? '> ' : ''}${(slice.ms * 1000 / Math.max(1, slice.count)).toFixed(1)}`,
      slice.longest.toFixed(1),
      count(slice.picks),
      count(slice.allPicks)
    ])
  ).join('\n')
}

function printMemory ({ idleClient, openWant, queuedWant, exhaustedWant }: MemoryFigure): string {
  return `${count(idleClient)} bytes per idle client, ${count(openWant)} per open want, ${count(queuedWant)} per want that waits for capacity, ` +
    `${count(exhaustedWant)} per want to which four members have answered DONT_HAVE`
}

function printBars (bars: readonly Bar[]): string {
  return table(
    ['of', 'bar', 'worst', 'allowed', 'result', 'where'],
    bars.map(({ of, bar, value, allowed, at, passed }) => [of, bar, figure(value), figure(allowed), passed ? 'met' : 'MISSED', at])
  ).join('\n')
}

function figure (value: number): string {
  return value >= 100 ? count(value) : `${Number(value.toFixed(3))}`
}

function count (value: number): string {
  return Math.round(value).toLocaleString('en')
}

function caseOf ({ clients, members, wants }: Pick<ScaleRow, 'clients' | 'members' | 'wants'>): string {
  return `${clients} ${members} ${wants}`
}
