import { expect } from 'aegir/chai'
import { peakEwma } from '../../../src/strategies/algorithms/peak-ewma.ts'
import { fakeEnv, fakeMembers, fakeOutcome, fakeWant, pick, ranking } from '../fixtures.ts'
import type { LatencyInit } from '../../../src/strategies/ranking/latency.ts'
import type { Outcome, Strategy } from '../../../src/strategies/strategy.ts'
import type { FakeMember } from '../fixtures.ts'

interface Setting {
  clock: { now: number }
  members: FakeMember[]
  strategy: Strategy
  ended (member: number, init: Partial<Outcome>): void
  /** The order of members, by their numbers. */
  order (): string
}

function setting (count: number, init?: LatencyInit): Setting {
  const clock = { now: 0 }
  const members = fakeMembers(count)
  const strategy = peakEwma(init)(fakeEnv(1, { now: () => clock.now }))
  strategy.update(members)

  return {
    clock,
    members,
    strategy,
    ended: (member, outcome) => { strategy.observe?.(fakeOutcome(members[member].id, outcome)) },
    order: () => ranking(strategy, fakeWant('key')).map(id => id.replace('member-', '')).join('')
  }
}

describe('peak EWMA', () => {
  it('ranks by latency times wants in flight, this one included', () => {
    const { members, ended, order } = setting(3)
    ended(0, { ms: 30 })
    ended(1, { ms: 10 })
    ended(2, { ms: 20 })
    expect(order()).to.equal('120')

    // 10 × 4, 20 × 2, 30 × 1
    members[1].load.wants = 3
    members[2].load.wants = 0
    expect(order()).to.equal('201')
  })

  it('jumps to a peak, and comes down slowly', () => {
    const { clock, ended, order } = setting(2)
    ended(0, { ms: 10 })
    ended(1, { ms: 20 })
    ended(0, { ms: 100 })
    expect(order()).to.equal('10')

    clock.now = 1000
    ended(0, { ms: 10 })
    ended(1, { ms: 20 })
    expect(order()).to.equal('10')

    for (let second = 2; second < 60; second++) {
      clock.now = second * 1000
      ended(0, { ms: 10 })
      ended(1, { ms: 20 })
    }

    expect(order()).to.equal('01')
  })

  it('tries a slow member again once its estimate has decayed to that of the others', () => {
    const { clock, ended, order } = setting(2)
    ended(0, { ms: 200 })

    const until = (): number => {
      while (order() !== '01') {
        ended(1, { ms: 2 })
        clock.now += 100
      }

      return clock.now
    }

    // 10 s × ln(200 / 2)
    expect(until()).to.be.closeTo(46_000, 200)
  })

  it('asks a member about which nothing is known at once, but one want at a time', () => {
    const { members, ended, order } = setting(2)
    ended(0, { ms: 1 })
    members[0].load.wants = 50
    expect(order()).to.equal('10')

    members[1].load.wants = 1
    expect(order()).to.equal('01')

    members[1].load.wants = 0
    ended(1, { ms: 1 })
    expect(order()).to.equal('10')
  })

  it('counts a failure as slow, however soon it came', () => {
    const { ended, order } = setting(2)
    ended(0, { result: 'failed', ms: 0.1 })
    ended(1, { ms: 4000 })

    expect(order()).to.equal('10')
  })

  for (const result of ['dont-have', 'unknown'] as const) {
    it(`learns no speed from a quick ${result}`, () => {
      const { clock, ended, order } = setting(3)
      ended(0, { ms: 20 })
      ended(1, { ms: 30 })
      // member 2 was never asked: it counts as fast as the mean of the others, 25 ms
      ended(2, { result, ms: 0.1 })
      expect(order()).to.equal('021')

      for (let i = 0; i < 100; i++) {
        clock.now += 10
        ended(0, { ms: 20 })
        ended(1, { result, ms: 0.1 })
        ended(2, { ms: 25 })
      }

      expect(order()).to.equal('021')
    })
  }

  it('learns from a cancelled attempt only that it had lasted longer than expected', () => {
    const { ended, order } = setting(2)
    ended(0, { ms: 10 })
    ended(1, { ms: 20 })
    ended(1, { result: 'cancelled', ms: 1 })
    expect(order()).to.equal('01')

    ended(0, { result: 'cancelled', ms: 500 })
    expect(order()).to.equal('10')
  })

  it('forgets a member that leaves', () => {
    const { members, strategy, ended, order } = setting(2)
    ended(0, { ms: 1 })
    ended(1, { ms: 500 })
    strategy.update([members[0]])
    strategy.update(members)

    // it is unknown again, so it is asked first
    expect(order()).to.equal('10')
  })

  it('gives a slow member, one of four, less than 1% of the wants', () => {
    const { clock, members, strategy, ended } = setting(4)
    const latencies = [2, 2, 2, 200]
    const open: number[][] = members.map(() => [])
    let slow = 0

    // a want each ms
    for (; clock.now < 20_000; clock.now++) {
      for (const [member, ms] of latencies.entries()) {
        if (open[member][0] + ms <= clock.now) {
          open[member].shift()
          members[member].load.wants--
          ended(member, { ms })
        }
      }

      const first = pick(strategy, fakeWant(clock.now))?.id
      const taken = members.findIndex(({ id }) => id === first)
      members[taken].load.wants++
      open[taken].push(clock.now)
      slow += taken === 3 ? 1 : 0
    }

    expect(slow).to.be.within(1, 200)
  })

  it('gives a member of twice the weight twice as much in flight', () => {
    const { members, strategy, ended } = setting(2)
    members[0].weight = 2
    ended(0, { ms: 10 })
    ended(1, { ms: 10 })

    for (let i = 0; i < 300; i++) {
      const id = pick(strategy, fakeWant(i))?.id
      members[id === 'member-0' ? 0 : 1].load.wants++
    }

    expect(members.map(({ load }) => load.wants)).to.deep.equal([200, 100])
  })

  it('refuses times that are not above 0', () => {
    for (const wrong of [0, -1, NaN, Infinity]) {
      expect(() => peakEwma({ decay: wrong })).to.throw(/decay must be a number of ms/).with.property('name', 'InvalidOptionError')
      expect(() => peakEwma({ penalty: wrong })).to.throw(/penalty must be a number of ms/).with.property('name', 'InvalidOptionError')
    }
  })
})
