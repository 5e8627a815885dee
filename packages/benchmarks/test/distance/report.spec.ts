import { expect } from 'aegir/chai'
import { distanceTurns } from '../../src/distance/measure.ts'
import { distanceReport, printDistances } from '../../src/distance/report.ts'
import { DISTANCE_SCENARIOS, nearer } from '../../src/distance/scenarios.ts'
import type { DistanceRun } from '../../src/distance/run.ts'

describe('distance/report', () => {
  const [scenario] = DISTANCE_SCENARIOS
  const run = (fields: Partial<DistanceRun>): DistanceRun => ({
    scenario: scenario.name, leg: 'direct', pair: 0, seconds: 1, megabytesPerSecond: 100, p50: 1, p99: 2, cpuSeconds: 0, peakRss: 0, inboundStreams: 1, ...fields
  })
  const rows = distanceReport([scenario], [
    run({ pair: 0 }),
    run({ pair: 0, leg: 'far-member', megabytesPerSecond: 80, peakRss: 300e6 }),
    run({ pair: 0, leg: 'far-client', megabytesPerSecond: 60, peakRss: 310e6 }),
    // a machine that is slow for a while is slow for all
    run({ pair: 1, leg: 'far-client', megabytesPerSecond: 30, peakRss: 310e6 }),
    run({ pair: 1, leg: 'far-member', megabytesPerSecond: 40, peakRss: 300e6 }),
    run({ pair: 1, megabytesPerSecond: 50 })
  ])

  it('compares both legs with the line without a balancer, in the same pair', () => {
    expect(rows.map(({ leg, ofDirect, ratios }) => [leg, ofDirect, ratios])).to.deep.equal([
      ['direct', 1, [1, 1]], ['far-member', 0.8, [0.8, 0.8]], ['far-client', 0.6, [0.6, 0.6]]
    ])
  })

  it('prints a row for each leg', () => {
    const lines = printDistances([scenario], rows).split('\n')
    expect(lines).to.have.lengthOf(5)
    expect(lines[3]).to.match(/^\| 20 ms +\| as the machine +\| far-member +\| 60\.0 +\| 0\.80 +\| 0\.80 0\.80 +\|.*\| 300 +\|$/)
  })

  it('interleaves the legs and turns the order round for every second pair', () => {
    expect(distanceTurns(2).map(({ leg, pair }) => `${leg} ${pair}`)).to.deep.equal([
      'direct 0', 'far-member 0', 'far-client 0', 'far-client 1', 'far-member 1', 'direct 1'
    ])
  })

  it('keeps what a distance is about when it is shortened', () => {
    for (const scenario of DISTANCE_SCENARIOS) {
      expect(nearer(scenario)).to.deep.include({ name: scenario.name, rtt: scenario.rtt, open: scenario.open })
      expect(nearer(scenario).blocks).to.be.below(scenario.blocks)
    }
  })
})
