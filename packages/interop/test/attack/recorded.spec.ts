import { expect } from 'aegir/chai'
import { HEAD, readRecorded, recorded, row, title } from '../../src/attack/recorded.ts'
import type { Latencies } from '../../src/attack/honest.ts'
import type { AttackResult } from '../../src/attack/run.ts'

const MACHINE = '2 cores, some processor, Node 24.0.0'
const MiB = 1 << 20

const times = (p50: number, p99: number, lost = 0): Latencies => ({ p50, p99, lost, count: 100 })

const RESULT: AttackResult = {
  name: 'pings',
  transport: 'ws',
  sent: 2_500_000,
  before: times(3, 20),
  sink: times(4, 30),
  during: times(5, 40),
  after: times(3, 21),
  rss: { before: 100 * MiB, peak: 130 * MiB, after: 120 * MiB },
  heap: { before: 40 * MiB, after: 41 * MiB },
  stall: 30.4,
  delay: 12.6
}

describe('the table of floods', () => {
  it('has a row for each, with what it cost and whether that is above the limits', () => {
    expect(row(RESULT, 'today')).to.equal('| pings, WebSocket | 2.5 | 3 / 20 | 4 / 30 | 5 / 40 | 3 / 21 | 100 / 130 / 120 | 40 / 41 | 30 / 13 | no | today |')
    expect(row({ ...RESULT, transport: 'tcp', during: times(5, 191) }, 'today')).to.match(/^\| pings \| .+ \| yes \| today \|$/)
    expect(row({ ...RESULT, during: times(5, 40, 1) }, 'today')).to.match(/ \| 5 \/ 40, 1 lost \| .+ \| yes \| today \|$/)
    expect(row({ ...RESULT, delay: 100 }, 'today')).to.match(/ \| yes \| today \|$/)
  })

  it('has as many cells in each row as columns', () => {
    const cells = [...HEAD, row(RESULT, 'today')].map(line => line.split('|').length)
    expect(new Set(cells).size).to.equal(1)
  })

  it('is read as it was written', () => {
    const rows = new Map([RESULT, { ...RESULT, name: 'resets' }].map(result => [title(result), row(result, 'today')]))
    const text = recorded(MACHINE, ['pings, WebSocket', 'resets, WebSocket'], rows)
    expect(readRecorded(text, MACHINE)).to.deep.equal(rows)
  })

  it('keeps the rows that are not replaced, in the order of the floods, and none of a flood that there is no more', () => {
    const titles = ['a', 'b', 'c']
    const line = (name: string, measured: string): string => row({ ...RESULT, name, transport: 'tcp' }, measured)
    const earlier = recorded(MACHINE, ['gone', ...titles], new Map(['gone', ...titles].map(name => [name, line(name, 'earlier')])))
    const rows = readRecorded(earlier, MACHINE)
    rows.set('b', line('b', 'today'))
    expect(recorded(MACHINE, titles, rows).split('\n').slice(-4)).to.deep.equal([line('a', 'earlier'), line('b', 'today'), line('c', 'earlier'), ''])
  })

  it('is not mixed with what was measured on another machine, nor with other columns', () => {
    const text = recorded(MACHINE, ['pings, WebSocket'], new Map([['pings, WebSocket', row(RESULT, 'today')]]))
    expect(() => readRecorded(text, '4 cores')).to.throw('another machine').with.property('name', 'UsageError')
    expect(() => readRecorded(text.replace('sent, MB', 'sent'), MACHINE)).to.throw('another version').with.property('name', 'UsageError')
  })
})
