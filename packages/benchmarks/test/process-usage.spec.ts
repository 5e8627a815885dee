import { expect } from 'aegir/chai'
import { cpuUsage, peakRss, since } from '../src/process-usage.ts'

// Linux counts in hundredths of a second
const TICK = 0.01

describe('process usage', () => {
  it('agrees with what the process says of itself', function () {
    if (process.platform !== 'linux') {
      process.stderr.write('skipped: process usage is read from /proc, which only Linux has\n')
      this.skip()
    }

    const { user, system } = process.cpuUsage()
    const usage = cpuUsage(process.pid)

    expect(usage.total).to.be.closeTo((user + system) / 1e6, 5 * TICK)
    expect(usage.system).to.be.closeTo(system / 1e6, 5 * TICK)
    expect(usage.main).to.be.at.most(usage.total + TICK).and.above(0)
    expect(peakRss(process.pid)).to.be.at.least(process.memoryUsage().rss * 0.9)
  })

  it('subtracts', () => {
    expect(since({ total: 1, system: 0.5, main: 0.5 }, { total: 4, system: 1.5, main: 2.5 })).to.deep.equal({ total: 3, system: 1, main: 2 })
  })
})
