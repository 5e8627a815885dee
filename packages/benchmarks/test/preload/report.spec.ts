import { expect } from 'aegir/chai'
import { preloadReport, printPreload } from '../../src/preload/report.ts'
import { PRELOAD_SCENARIOS, smaller } from '../../src/preload/scenarios.ts'

const [scenario] = PRELOAD_SCENARIOS

describe('the report of preload', () => {
  const runs = [[40, 50], [90, 100], [70, 100]].map(([preload, pin], pair) => ({ scenario: scenario.name, pair, preload, pin, cpuSecondsPerGiB: pair }))

  it('has medians, the median of the ratios of pairs, and what is required', () => {
    expect(preloadReport([scenario], runs)).to.deep.equal([{ scenario: scenario.name, runs: 3, preload: 70, pin: 100, ratio: 0.8, least: 0.8, passed: true, cpuSecondsPerGiB: 1 }])
    expect(preloadReport([{ ...scenario, least: 0.81 }], runs)[0].passed).to.equal(false)
  })

  it('is one table', () => {
    expect(printPreload(preloadReport([scenario], runs)).split('\n').at(-1)).to.match(/70\.0 +\| 100\.0 +\| 0\.80 × +\| 0\.8 × +\| yes/)
    expect(smaller(scenario).bytes).to.equal(64 << 20)
  })
})
