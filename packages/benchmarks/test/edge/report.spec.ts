import { expect } from 'aegir/chai'
import { edgeReport, printEdge } from '../../src/edge/report.ts'
import type { EdgeRun } from '../../src/edge/measure.ts'

function run (through: EdgeRun['through'], p99: number): EdgeRun {
  return { scenario: 'edge-1k', through, megabytesPerSecond: 1, blocksPerSecond: 1000, p50: 1, p99, first: 2, cpuSecondsPerGiB: 3, cpuMsPerBlock: 0.1, readsPerBlock: 0.05, dollars: 0.03, memory: 5e6, peakRss: 9e6 }
}

describe('the report of the edge server', () => {
  it('has medians of each Worker, beside what Hoverboard did', () => {
    const rows = edgeReport([run('edge', 9), run('bare', 1), run('edge', 7), run('edge', 8)])
    expect(rows.map(({ through, runs, p99 }) => [through, runs, p99])).to.deep.equal([['edge', 3, 8], ['bare', 1, 1]])
    expect(printEdge(rows)).to.include('1.04 ms/block')
  })
})
