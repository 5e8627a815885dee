import { expect } from 'aegir/chai'
import { strategyTurns } from '../../src/strategies/measure.ts'
import { printStrategies, strategyReport } from '../../src/strategies/report.ts'
import { STRATEGY_SCENARIOS, shortened } from '../../src/strategies/scenarios.ts'
import type { StrategyRun } from '../../src/strategies/run.ts'

describe('strategies/report', () => {
  const scenario = { ...STRATEGY_SCENARIOS[0], strategies: ['round-robin', 'peak-ewma'], clients: 2, open: 8 }

  const run = (fields: Partial<StrategyRun>): StrategyRun => ({
    scenario: scenario.name, strategy: 'round-robin', pair: 0, wants: 100, seconds: 1, p50: 1, p99: 2, shares: [0.25, 0.25, 0.25, 0.25], dontHaves: [0, 0, 0, 0], coalesced: 0, peakOpen: 4, ...fields
  })

  const rows = strategyReport([scenario], [
    run({ pair: 0, p99: 200 }),
    run({ pair: 0, strategy: 'peak-ewma', p99: 20, shares: [0.5, 0.3, 0.2, 0], peakOpen: 6, coalesced: 10 }),
    // a machine that is slow for a while is slow for both
    run({ pair: 1, strategy: 'peak-ewma', p99: 100, shares: [0.5, 0.3, 0.2, 0], peakOpen: 6, coalesced: 10 }),
    run({ pair: 1, p99: 1_000 })
  ])

  it('compares strategies with the first of the scenario, in the same pair', () => {
    expect(rows).to.have.lengthOf(2)
    expect(rows[0]).to.deep.include({ strategy: 'round-robin', p99Ratio: 1, lastShare: 0.25, maxOverAverage: 1, peakOverAverage: 1 })
    expect(rows[1]).to.deep.include({ strategy: 'peak-ewma', runs: 2, p99: 60, p99Ratio: 0.1, lastShare: 0, maxOverAverage: 2, peakOverAverage: 1.5, coalesced: 0.1 })
  })

  it('prints the share of a node that is unlike the others', () => {
    expect(printStrategies([scenario], rows)).to.include('asked of the slow node').and.include('| 0.0 % ').and.not.include('in vain')
    expect(printStrategies([{ ...scenario, nodes: scenario.nodes.slice(0, 3) }], rows)).to.not.include('asked of')
    expect(printStrategies([{ ...scenario, nodes: [...scenario.nodes.slice(1), { holds: 'nothing' }] }], rows)).to.include('in vain')
  })

  it('interleaves the strategies and turns the order round for every second pair', () => {
    expect(strategyTurns(scenario, 2).map(({ strategy, pair }) => `${strategy} ${pair}`)).to.deep.equal([
      'round-robin 0', 'peak-ewma 0', 'peak-ewma 1', 'round-robin 1'
    ])
  })

  it('has blocks enough for every scenario', () => {
    for (const { popularity, blocks, warmup, wants, nodes, clients } of [...STRATEGY_SCENARIOS, ...STRATEGY_SCENARIOS.map(shortened)]) {
      expect(nodes).to.have.lengthOf(4)
      expect(wants % clients).to.equal(0)

      if (popularity === 'once') {
        expect(warmup + wants).to.be.at.most(blocks)
      }
    }
  })
})
