import { expect } from 'aegir/chai'
import { printReport, report, table } from '../src/table.ts'
import type { RunResult } from '../src/run.ts'

function result (fields: Partial<RunResult>): RunResult {
  return {
    workload: '1k-32',
    subject: 'naive',
    pair: 0,
    blocks: 10_000,
    bytes: 10_240_000,
    seconds: 1,
    megabytesPerSecond: 10.24,
    blocksPerSecond: 10_000,
    p50: 1,
    p99: 2,
    cpuSeconds: 1,
    systemCpuSeconds: 0.25,
    mainCpuSeconds: 0.5,
    cpuSecondsPerGiB: 100,
    cpuSecondsPer10kBlocks: 1,
    peakRss: 100_000_000,
    kuboCpuSeconds: 0,
    clientCpuSeconds: 0,
    duplicates: 0,
    inboundStreams: 1,
    inboundMessages: 1,
    ...fields
  }
}

describe('table', () => {
  it('compares the balancer with the naive copy that ran next to it', () => {
    const { comparisons } = report([
      result({ pair: 0, blocksPerSecond: 10_000, cpuSecondsPer10kBlocks: 1 }),
      result({ pair: 0, subject: 'balancer', blocksPerSecond: 15_000, cpuSecondsPer10kBlocks: 0.5 }),
      result({ pair: 1, subject: 'balancer', blocksPerSecond: 4_000, cpuSecondsPer10kBlocks: 1 }),
      result({ pair: 1, blocksPerSecond: 2_000, cpuSecondsPer10kBlocks: 2 }),
      result({ pair: 2, blocksPerSecond: 1 })
    ])

    expect(comparisons).to.deep.equal([
      { workload: '1k-32', subject: 'balancer', against: 'naive', pairs: 2, rate: 1.75, cpu: 0.5, rates: [1.5, 2], cpus: [0.5, 0.5] }
    ])
  })

  it('compares the edge server with the balancer that ran in the same pair, in a table of its own', () => {
    const made = report([
      result({ subject: 'balancer', blocksPerSecond: 10_000, cpuSecondsPer10kBlocks: 2 }),
      result({ subject: 'edge', blocksPerSecond: 9_000, cpuSecondsPer10kBlocks: 1 })
    ])

    expect(made.comparisons).to.deep.equal([
      { workload: '1k-32', subject: 'edge', against: 'balancer', pairs: 1, rate: 0.9, cpu: 0.5, rates: [0.9], cpus: [0.5] }
    ])
    expect(printReport(made)).to.include('edge / balancer').and.to.not.include('naive copy')
  })

  it('has a row of medians for each subject of each workload', () => {
    const { rows } = report([
      result({ pair: 0, p50: 1 }),
      result({ pair: 1, p50: 9 }),
      result({ pair: 2, p50: 2 }),
      result({ workload: '1k-1', subject: 'direct' })
    ])

    expect(rows).to.have.lengthOf(2)
    expect(rows[0]).to.deep.include({ workload: '1k-32', subject: 'naive', runs: 3, p50: 2, system: 0.25, main: 0.5 })
    expect(rows[1]).to.deep.include({ workload: '1k-1', subject: 'direct', runs: 1 })
  })

  it('prints no comparison where there is none', () => {
    expect(printReport(report([result({})]))).to.not.include('balancer / naive copy')
  })

  it('aligns columns', () => {
    expect(table(['a', 'name'], [['1234', 'x']])).to.deep.equal([
      '| a    | name |',
      '|------|------|',
      '| 1234 | x    |'
    ])
  })
})
