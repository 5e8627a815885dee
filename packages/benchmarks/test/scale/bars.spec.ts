import { expect } from 'aegir/chai'
import { scaleBars, scaleRows } from '../../src/scale/bars.ts'
import { SCALE_STRATEGIES } from '../../src/scale/grid.ts'
import { printScale } from '../../src/scale/report.ts'
import type { Bar } from '../../src/scale/bars.ts'
import type { ServedRun } from '../../src/scale/jobs.ts'
import type { ScaleFigures } from '../../src/scale/measure.ts'
import type { ServedFigure } from '../../src/scale/served.ts'
import type { SliceFigure } from '../../src/scale/slices.ts'

describe('scale/bars', () => {
  const figure = (clients: number, members: number, wants: number, cpu: number, fields: Partial<ServedFigure> = {}): ServedFigure => ({ clients, members, wants, cpu, down: 0, picks: 1, cut: false, ...fields })
  const down = { without: figure(100, 4, 1_000, 10), with: figure(100, 4, 1_000, 10, { down: 2_000 }) }
  const run = (strategy: string, ...figures: ServedFigure[]): ServedRun => ({ strategy, figures, down })
  const figures = (...served: ServedRun[]): ScaleFigures => ({ served, slices: [], memory: { idleClient: 3_000, openWant: 800, queuedWant: 700, exhaustedWant: 1_200 } })
  const bars = (...served: ServedRun[]): Record<string, Bar> => Object.fromEntries(scaleBars(figures(...served)).map(bar => [bar.bar, bar]))

  it('compares cases that differ in one thing only, and names the worst', () => {
    const found = bars(run('maglev',
      figure(1, 4, 1_000, 10),
      figure(100, 4, 1_000, 16), // 1.6 × over clients
      figure(100, 100, 1_000, 20), // 1.25 × over members
      figure(100, 4, 100_000, 32) // 2 × over wants
    ))

    expect(found['most / least over clients']).to.include({ value: 1.6, allowed: 1.5, at: 'members: 4, wants: 1,000', passed: false })
    expect(found['most / least over members']).to.include({ value: 1.25, passed: true })
    expect(found['most / least over wants']).to.include({ value: 2, allowed: 2.5, at: 'clients: 100, members: 4', passed: true })
  })

  it('takes the least of the runs of each case', () => {
    const runs = [90, 11, 12].map(cpu => run('maglev', figure(1, 4, 1_000, 10), figure(100, 4, 1_000, cpu)))

    expect(scaleRows(figures(...runs)).map(({ cpu }) => cpu)).to.deep.equal([10, 11])
    expect(bars(...runs)['most / least over clients']).to.include({ value: 1.1, passed: true })
  })

  it('divides by further members and picks for strategies that look at all members', () => {
    const found = bars(run('rendezvous', figure(100, 4, 1_000, 10), figure(100, 100, 1_000, 34.96, { picks: 2 })))

    expect(found['per further member and pick, µs'].value).to.be.closeTo(0.13, 1e-9)
    expect(found['per further member and pick, µs'].passed).to.equal(false)
    expect(found).to.not.have.property('most / least over members')
  })

  it('compares runs with and without members that are down by their ratio in each run', () => {
    const slow = { without: figure(100, 4, 1_000, 30), with: figure(100, 4, 1_000, 31.5) }
    const served = [down, slow, slow].map(down => ({ ...run('maglev', figure(1, 4, 1_000, 10), figure(100, 4, 1_000, 10)), down }))

    expect(bars(...served)['with / without 2,000 members that are down']).to.include({ value: 1.05, passed: true })
  })

  it('is missed by a run that was cut off', () => {
    const found = bars(run('maglev', figure(1, 4, 1_000, 10), figure(100, 4, 1_000, 10, { cut: true })))
    expect(found['most / least over clients']).to.include({ value: 1, passed: false })
  })

  it('bounds the picks of a call', () => {
    const slice: SliceFigure = { case: 'flood', what: 'flushes', count: 10, ms: 1, longest: 1, picks: 2_001, allPicks: 2_001, cut: false }
    const [bar, met] = scaleBars({ ...figures(), slices: [slice, { ...slice, picks: 2_000 }] })

    expect(bar).to.include({ of: 'flood', value: 2_001, passed: false })
    expect(met).to.include({ passed: true })
  })

  it('prints a row for each case, and a line for each bar', () => {
    const printed = printScale(figures(...SCALE_STRATEGIES.map(({ name }) => run(name, figure(1, 4, 1_000, 10.04), figure(1, 100, 1_000, 99, { cut: true })))))

    expect(printed).to.include('| 1       | 4                | 1,000 | 10.0        |')
      .and.include('| > 99.0')
      .and.include('3,000 bytes per idle client, 800 per open want')
      .and.include('MISSED')
  })
})
