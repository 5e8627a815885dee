import { expect } from 'aegir/chai'
import { scaled } from '../src/scenario/loader.ts'
import { parseScenario } from '../src/scenario/parser.ts'
import { SCENARIOS } from '../src/scenarios/index.ts'
import { runOf, scenarioOf } from './harness.ts'

describe('simulate', () => {
  it('gives the same result for the same seed, byte for byte, and a different one for a different seed', () => {
    const scenario = scenarioOf({
      members: [
        { id: 'node', count: 3, workers: 2, service: { kind: 'lognormal', median: 20, sigma: 0.5 }, cache: { blocks: 50, hit: 1 } },
        { id: 'odd', holds: 0.5, phases: [{ from: 10_000, to: 20_000, down: true }, { from: 30_000, to: 40_000, slow: 9 }] }
      ],
      clients: [
        { id: 'peer', count: 5, arrivals: { kind: 'poisson', rate: 50 }, popularity: { kind: 'zipf', blocks: 500 } },
        { id: 'loop', arrivals: { kind: 'closed', open: 4, think: 200 }, popularity: { kind: 'uniform', blocks: 500 }, type: 'have' }
      ],
      sizes: { kind: 'exponential', mean: 10_000 }
    })

    for (const strategy of ['round-robin', 'peak-ewma', 'bounded-load(rendezvous)']) {
      const [first, again, other] = [1, 1, 2].map(seed => JSON.stringify(runOf(scenario, strategy, { seed })))
      expect(again).to.equal(first)
      expect(other).to.not.equal(first)
    }
  }).timeout(60_000)

  it('gives all strategies the same workload', () => {
    const wants = ['round-robin', 'rendezvous', 'least-loaded'].map(strategy => runOf(scenarioOf({}), strategy).totals.wants)
    expect(new Set(wants)).to.have.property('size', 1)
  })

  // an M/M/1 queue: mean time in the system 1 / (mu - lambda), exponentially distributed
  it('queues as theory says', () => {
    const { latency, totals } = runOf(scenarioOf({
      duration: 3_600_000,
      warmup: 60_000,
      members: [{ id: 'node', workers: 1, service: { kind: 'exponential', mean: 20 }, network: 0 }],
      clients: [{ id: 'peer', arrivals: { kind: 'poisson', rate: 35 }, popularity: { kind: 'new' } }]
    }))
    const mean = 1000 / (50 - 35)

    expect(totals.wants).to.be.closeTo(35 * 3540, 35 * 3540 * 0.01)
    // 124,000 wants that depend on one another: 5% is three standard errors
    expect(latency.mean).to.be.closeTo(mean, mean * 0.05)
    expect(latency.p50).to.be.closeTo(mean * Math.log(2), mean * Math.log(2) * 0.05)
    expect(latency.p99).to.be.closeTo(mean * Math.log(100), mean * Math.log(100) * 0.1)
  }).timeout(60_000)

  it('obeys Little\'s law in a closed loop: the open wants are the rate times the time that each takes', () => {
    const { latency, totals } = runOf(scenarioOf({
      warmup: 5000,
      members: [{ id: 'node', count: 2, workers: 3, service: { kind: 'exponential', mean: 10 }, network: 0 }],
      clients: [{ id: 'peer', count: 2, arrivals: { kind: 'closed', open: 10 }, popularity: { kind: 'new' } }]
    }))
    expect(totals.served / 55 * (latency.mean ?? 0) / 1000).to.be.closeTo(20, 0.5)
  })

  it('counts every want once: served, absent, unserved or still open', () => {
    const { totals, members } = runOf(scenarioOf({
      copies: 1,
      clients: [
        { id: 'peer', count: 5, arrivals: { kind: 'poisson', rate: 50 }, popularity: { kind: 'new' } },
        { id: 'crawler', arrivals: { kind: 'poisson', rate: 20 }, popularity: { kind: 'absent' } }
      ]
    }))
    expect(totals.unserved).to.equal(0)
    expect(totals.absent).to.be.closeTo(1200, 150)
    expect(totals.served + totals.absent).to.be.within(totals.wants - 20, totals.wants)
    // members without a block are asked in vain: 1.5 of 4 before the one that has it, and all 4 if none has it
    expect(totals.dontHaves).to.be.closeTo(1.5 * totals.served + 4 * totals.absent, 0.05 * totals.dontHaves)
    expect(members.reduce((asks, member) => asks + member.asks, 0)).to.equal(totals.asks)
  })

  it('lets clients without an answer give up', () => {
    const { totals } = runOf(scenarioOf({
      members: [{ id: 'node', phases: [{ from: 0, stalled: true }] }],
      clients: [{ id: 'peer', arrivals: { kind: 'poisson', rate: 10 }, popularity: { kind: 'new' }, cancelAfter: 5000 }]
    }))
    expect(totals).to.include({ served: 0, absent: 0 })
    expect(totals.unserved).to.be.closeTo(550, 80)
  })

  it('leaves the warm-up out of the totals', () => {
    const { totals, members } = runOf(scenarioOf({ warmup: 30_000 }))
    expect(totals.wants).to.be.closeTo(1500, 150)
    expect(members.reduce((blocks, member) => blocks + member.blocks, 0)).to.be.closeTo(totals.served, 10)
  })

  // ten members and a million wants in a simulated hour must take under a minute; here it is half of that
  it('simulates a tenth of a busy hour in under six seconds of CPU time', () => {
    const [hour] = SCENARIOS.filter(({ name }) => name === 'hour')
    const start = process.cpuUsage()
    const { totals } = runOf(scaled(parseScenario(hour), 0.1), 'bounded-load(presence(rendezvous))')
    const { user } = process.cpuUsage(start)
    expect(totals.wants).to.be.greaterThan(90_000)
    expect(user / 1e6).to.be.lessThan(6)
  }).timeout(60_000)

  it('runs each variant with its own options of the engine', () => {
    const scenario = scenarioOf({
      members: [{ id: 'node', count: 4, presence: { kind: 'mixture', parts: [{ share: 19, of: 20 }, { share: 1, of: 500 }] } }],
      clients: [{ id: 'peer', arrivals: { kind: 'poisson', rate: 50 }, popularity: { kind: 'new' }, type: 'have' }],
      variants: { hedged: { hedgeShare: 0.1 }, 'not hedged': { hedgeShare: 0 } }
    })
    const [hedged, not] = ['hedged', 'not hedged'].map(variant => runOf(scenario, 'round-robin', { variant }))
    expect(not.totals.hedges).to.equal(0)
    expect(hedged.totals.hedges).to.be.greaterThan(0)
    expect(hedged.latency.p99).to.be.lessThan((not.latency.p99 ?? 0) / 2)
  })
})
