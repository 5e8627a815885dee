import { expect } from 'aegir/chai'
import { UsageError } from '../../src/errors.ts'
import { ms, percent, printRuns, printShares, table } from '../../src/report/table.ts'
import { runOf, scenarioOf } from '../harness.ts'

describe('tables', () => {
  const runs = ['round-robin', 'rendezvous'].map(strategy => runOf(scenarioOf({ duration: 5000 }), strategy))

  it('are Markdown, aligned', () => {
    expect(table(['name', 'ms'], [['a', '1'], ['longer', '100']])).to.equal([
      '| name   |  ms |',
      '|--------|----:|',
      '| a      |   1 |',
      '| longer | 100 |'
    ].join('\n'))
  })

  it('show the columns that have a value', () => {
    const [head, , first] = printRuns({ runs }).split('\n')
    expect(head).to.match(/strategy .* p99 ms .* max\/mean/)
    expect(head).to.not.match(/cache hits|hedges|timeouts/)
    expect(first).to.match(/^\| round-robin +\| +6\.00 \|/)
  })

  it('show the requested columns, also those of members', () => {
    expect(printRuns({ runs: runs.slice(0, 1) }, ['served', 'share node-2', 'asks node-2'])).to.match(/\| strategy {4}\| {2}served \| share node-2 \| asks node-2 \|\n.*\n\| round-robin \| 100\.00% \| {7}2\d\.\d\d% \| {7}0\.2\d\d \|$/)
    expect(() => printRuns({ runs }, ['share nobody'])).to.throw(UsageError, '--columns: there is no "share nobody", only share NAME and asks NAME')
  })

  it('show what each member was asked', () => {
    expect(printShares({ runs })).to.match(/^\| share of asks \| node-1 \| node-2 \| node-3 \| node-4 \|\n.*\n\| round-robin +\| +25\.\d% \|/)
  })

  it('round to the precision of a figure', () => {
    expect([0.123, 1.234, 12.34, 123.4, undefined].map(ms)).to.deep.equal(['0.12', '1.23', '12.3', '123', undefined])
    expect([0.12345, Number.NaN, undefined].map(value => percent(value))).to.deep.equal(['12.3%', undefined, undefined])
  })
})
