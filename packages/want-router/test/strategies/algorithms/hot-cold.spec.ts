import { expect } from 'aegir/chai'
import { hotCold } from '../../../src/strategies/algorithms/hot-cold.ts'
import { fakeEnv, fakeMembers, fakeOutcome, fakeWant, ranking } from '../fixtures.ts'
import type { HotColdInit } from '../../../src/strategies/algorithms/hot-cold.ts'
import type { Strategy } from '../../../src/strategies/strategy.ts'
import type { FakeMember } from '../fixtures.ts'

interface Setting {
  members: FakeMember[]
  strategy: Strategy
  /** The order of members, by their numbers. */
  order (): string
}

/** Members that have answered, each after its number of ms. */
function answered (latencies: number[], init?: HotColdInit): Setting {
  const members = fakeMembers(latencies.length)
  const strategy = hotCold(init)(fakeEnv())
  strategy.update(members)

  for (const [i, ms] of latencies.entries()) {
    if (ms > 0) {
      strategy.observe?.(fakeOutcome(`member-${i}`, { ms }))
    }
  }

  return { members, strategy, order: () => ranking(strategy, fakeWant('key')).map(id => id.replace('member-', '')).join('') }
}

describe('hot and cold', () => {
  it('prefers the fastest member while none is busy', () => {
    const { order } = answered([30, 10, 20, 40])
    expect(order()).to.equal('1203')
  })

  it('puts members that are busier than most after the cold ones, however fast they are', () => {
    const { members, order } = answered([30, 10, 20, 40])
    members[1].load = { wants: 9, bytes: 0 }

    expect(order()).to.equal('2031')
  })

  it('ranks hot members by what they owe', () => {
    const { members, order } = answered([30, 10, 20, 40], { hot: 0 })

    for (const [i, wants] of [5, 9, 7, 3].entries()) {
      members[i].load = { wants, bytes: 0 }
    }

    // above the least: all but 3
    expect(order()).to.equal('3021')
  })

  it('believes a member that says it has more queued than we expect, while something is open there', () => {
    const { members, order } = answered([10, 20, 30, 40])

    for (const member of members) {
      member.load = { wants: 1, bytes: 1000 }
    }

    expect(order()).to.equal('0123')

    members[0].pendingBytes = 1 << 20
    expect(order()).to.equal('1230')

    for (const member of members) {
      member.load = { wants: 0, bytes: 0 }
    }

    expect(order()).to.equal('0123')
  })

  it('counts what a member owes in proportion to its weight', () => {
    const { members, order } = answered([10, 20, 30, 40])
    members[0].load = { wants: 4, bytes: 0 }
    members[1].load = { wants: 3, bytes: 0 }
    expect(order()).to.equal('2310')

    members[0].weight = 4
    expect(order()).to.equal('2301')
  })

  it('asks a member about which nothing is known at once, but one want at a time', () => {
    const { members, order } = answered([10, 0, 30])
    expect(order()).to.equal('102')

    members[1].load.wants = 1
    expect(order()).to.equal('021')
  })

  it('averages latencies, but counts a failure in full', () => {
    const { strategy, order } = answered([10, 20])
    strategy.observe?.(fakeOutcome('member-0', { ms: 500 }))
    expect(order()).to.equal('01')

    strategy.observe?.(fakeOutcome('member-0', { ms: 1, result: 'failed' }))
    expect(order()).to.equal('10')
  })

  it('refuses a quantile that is not from 0 to 1, and times that are not above 0', () => {
    for (const hot of [-0.1, 1.1, NaN]) {
      expect(() => hotCold({ hot })).to.throw(/hot must be a quantile/).with.property('name', 'InvalidOptionError')
    }

    expect(() => hotCold({ decay: 0 })).to.throw(/hot-cold: decay must be a number of ms/)
  })
})
