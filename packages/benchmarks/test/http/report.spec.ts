import { expect } from 'aegir/chai'
import { httpTurns } from '../../src/http/measure.ts'
import { httpReport, printHttp } from '../../src/http/report.ts'
import { HTTP_SCENARIOS, fewer } from '../../src/http/scenarios.ts'
import type { HttpRun } from '../../src/http/run.ts'
import type { Door } from '../../src/http/scenarios.ts'

const [scenario] = HTTP_SCENARIOS

function run (door: Door, pair: number, requestsPerSecond: number): HttpRun {
  return { scenario: scenario.name, door, pair, requestsPerSecond, megabytesPerSecond: requestsPerSecond / 4, p50: 1, p99: 2, cpuSecondsPerGiB: 3, cpuSecondsPer10kRequests: 4 }
}

describe('the report of HTTP', () => {
  const runs = [1, 2, 3].flatMap((n, pair) => [run('kubo', pair, 1000 * n), run('bitswap', pair, 400 * n), run('http1', pair, 500 * n), run('https1', pair, 450 * n), run('http2', pair, 400 * n), run('head', pair, 5000)])

  it('has medians, and the medians of ratios within pairs', () => {
    const rows = httpReport([scenario], runs)
    const http1 = rows.find(({ door }) => door === 'http1')

    expect(http1).to.deep.include({ runs: 3, requestsPerSecond: 1000, of: { kubo: 0.5, bitswap: 1.25 } })
    expect(rows.find(({ door }) => door === 'http2')?.of).to.deep.equal({ kubo: 0.4, http1: 0.8, https1: 400 / 450 })
    expect(rows.find(({ door }) => door === 'kubo')?.of).to.deep.equal({})
  })

  it('is one table', () => {
    const lines = printHttp(httpReport([scenario], runs)).split('\n')

    expect(lines).to.have.lengthOf(8)
    expect(lines.find(line => line.includes('| http1 '))).to.match(/\| 250\.0 +\| 1000 .*\| 0\.50 +\| 1\.25 +\| – +\| – +\|/)
  })

  it('goes through the doors in turn, every second time from the other end', () => {
    expect(httpTurns(2, ['kubo', 'http1']).map(({ door }) => door)).to.deep.equal(['kubo', 'http1', 'http1', 'kubo'])
    expect(fewer(scenario).blocks).to.equal(scenario.blocks / 4)
  })
})
