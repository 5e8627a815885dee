import { expect } from 'aegir/chai'
import { turns } from '../src/measure.ts'
import { WORKLOADS, blocksNeeded, quick } from '../src/workloads.ts'
import type { Options } from '../src/args.ts'

const options: Options = { only: [], subjects: ['balancer', 'naive', 'direct'], pairs: 2, quick: false, scaleRuns: 1, help: false }

describe('workloads', () => {
  it('stores enough blocks of each size for the largest workload', () => {
    const needed = blocksNeeded(WORKLOADS)

    for (const { blockSize, blocks, warmup } of WORKLOADS) {
      expect(needed.get(blockSize)).to.be.at.least(blocks + warmup)
    }
  })

  it('keeps what a workload is about when it is shortened', () => {
    for (const workload of WORKLOADS) {
      expect(quick(workload)).to.deep.include({ name: workload.name, blockSize: workload.blockSize, open: workload.open })
      expect(quick(workload).blocks).to.be.below(workload.blocks)
    }
  })

  it('interleaves the subjects and turns the order round for every second pair', () => {
    expect(turns(WORKLOADS[0], options).map(({ subject, pair }) => `${subject} ${pair}`)).to.deep.equal([
      'balancer 0', 'naive 0', 'direct 0',
      'direct 1', 'naive 1', 'balancer 1'
    ])
  })

  it('profiles proxies, each run to its own file', () => {
    const files = turns(WORKLOADS[0], { ...options, profile: '/p' }).map(({ profile }) => profile)

    expect(files).to.deep.equal([
      '/p/balancer-256k-32-1.cpuprofile', '/p/naive-256k-32-1.cpuprofile', undefined,
      undefined, '/p/naive-256k-32-2.cpuprofile', '/p/balancer-256k-32-2.cpuprofile'
    ])
  })
})
