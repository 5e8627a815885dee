import { DEFAULT_STRATEGY } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { scaled } from '../src/scenario/loader.ts'
import { parseScenario } from '../src/scenario/parser.ts'
import { blackHole } from '../src/scenarios/black-hole.ts'
import { coldCaches } from '../src/scenarios/cold-caches.ts'
import { hotKey } from '../src/scenarios/hot-key.ts'
import { runOf } from './harness.ts'
import type { Totals } from '../src/metrics/result.ts'
import type { Scenario } from '../src/scenario/schema.ts'

/** The reasons for the default, each compared with one of its parts alone. */
describe('the default strategy', function () {
  this.timeout(300_000)

  const totals = (scenario: Scenario, strategy: string, scale = 0.25): Totals => runOf(scaled(parseScenario(scenario), scale), strategy).totals

  it('finds blocks in caches as often as a strategy without a bound, if nodes are hardly busy', () => {
    const [unbounded = 0, chosen = 0] = ['rendezvous', DEFAULT_STRATEGY].map(strategy => totals(coldCaches, strategy, 1).hitShare)
    expect(unbounded).to.be.above(0.85)
    expect(chosen).to.be.above(unbounded - 0.01)
  })

  it('lowers the peak of the fullest node, if nodes are busy', () => {
    const [unbounded, chosen] = ['rendezvous', DEFAULT_STRATEGY].map(strategy => totals(hotKey, strategy).inFlightPeak)
    expect(chosen).to.be.below(unbounded / 2)
  })

  it('does not keep asking an empty node', () => {
    const [blind, chosen] = ['rendezvous', DEFAULT_STRATEGY].map(strategy => totals(blackHole, strategy).asks)
    expect(chosen).to.be.below(blind * 0.9)
  })
})
