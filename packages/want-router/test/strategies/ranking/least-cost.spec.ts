import { expect } from 'aegir/chai'
import { leastLoaded } from '../../../src/strategies/algorithms/least-loaded.ts'
import { peakEwma } from '../../../src/strategies/algorithms/peak-ewma.ts'
import { FULL_SCAN } from '../../../src/strategies/ranking/least-cost.ts'
import { weightedDraw } from '../../../src/strategies/ranking/weighted-draw.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeOutcome, fakeWant, pick, ranking, shares } from '../fixtures.ts'

describe('up to 16 members', () => {
  it('the least loaded is found for certain', () => {
    const members = fakeMembers(FULL_SCAN)
    const strategy = leastLoaded()(fakeEnv())
    strategy.update(members)

    for (let i = 0; i < 100; i++) {
      for (const [j, member] of members.entries()) {
        member.load.wants = j === i % FULL_SCAN ? 1 : 2
      }
      expect(pick(strategy, fakeWant(i))?.id).to.equal(`member-${i % FULL_SCAN}`)
    }
  })
})

describe('above 16 members', () => {
  it('two are compared: the worst is never taken, the best as often as it is drawn', () => {
    const members = fakeMembers(20)
    const strategy = leastLoaded()(fakeEnv())
    for (const [i, member] of members.entries()) {
      member.load.wants = i
    }
    strategy.update(members)
    const share = shares(strategy, 50_000)

    // without replacement: two of twenty; the worst could only be compared with itself
    expect(share.get('member-0')).to.be.closeTo(2 / 20, 0.005)
    expect(share.get('member-19')).to.equal(undefined)
    expect(share.get('member-18')).to.be.closeTo(1 / 190, 0.002)
  })

  it('the other of the two comes second, and then all others by load', () => {
    const members = fakeMembers(20)
    const strategy = leastLoaded()(fakeEnv())
    for (const [i, member] of members.entries()) {
      member.load.wants = i
    }
    strategy.update(members)

    for (let i = 0; i < 50; i++) {
      const [first, second, ...rest] = ranking(strategy, fakeWant(i)).map(id => Number(id.replace('member-', '')))

      expect(first).to.be.below(second)
      expect(rest).to.deep.equal(members.map((_, i) => i).filter(i => i !== first && i !== second))
    }
  })

  it('weights far above the average are given their shares, too', () => {
    const members = [fakeMember('heavy', { weight: 30 }), ...fakeMembers(30)]
    const byId = new Map(members.map(member => [member.id, member]))
    const strategy = leastLoaded()(fakeEnv())
    strategy.update(members)

    shares(strategy, 60_000, ({ id }) => { byId.get(id)!.load.wants++ })
    expect(members[0].load.wants / 60_000).to.be.closeTo(0.5, 0.01)
  })

  it('a slow member is left under peak EWMA, too', () => {
    const members = fakeMembers(40)
    const strategy = peakEwma()(fakeEnv())
    strategy.update(members)
    for (const [i, { id }] of members.entries()) {
      strategy.observe?.(fakeOutcome(id, { ms: i < 10 ? 200 : 10 }))
    }
    const share = shares(strategy, 20_000)
    const slow = members.slice(0, 10).reduce((sum, { id }) => sum + (share.get(id) ?? 0), 0)

    // both of the two are slow
    expect(slow).to.be.closeTo(10 * 9 / (40 * 39), 0.01)
  })
})

describe('a weighted draw', () => {
  it('draws two that differ, each by weight', () => {
    const random = fakeEnv().random
    const draw = weightedDraw(random)
    draw.update([5, 3, 1, 1].map((weight, i) => ({ member: fakeMember(`m${i}`, { weight }) })))
    const firsts: Record<string, number> = {}
    const afterHeavy: Record<string, number> = {}

    for (let i = 0; i < 100_000; i++) {
      const [{ member: one }, { member: other }] = draw.two()
      expect(one.id === other.id).to.equal(false)
      firsts[one.id] = (firsts[one.id] ?? 0) + 1e-5
      if (one.id === 'm0') {
        afterHeavy[other.id] = (afterHeavy[other.id] ?? 0) + 1
      }
    }

    expect(firsts.m0).to.be.closeTo(0.5, 0.01)
    expect(firsts.m3).to.be.closeTo(0.1, 0.01)
    expect(afterHeavy.m1 / (afterHeavy.m2 + afterHeavy.m3)).to.be.closeTo(1.5, 0.05)
  })

  it('never fails at the ends of chance', () => {
    for (const chance of [0, 1 - 2 ** -53]) {
      const draw = weightedDraw(() => chance)
      draw.update([{ member: fakeMember('a', { weight: 0.1 }) }, { member: fakeMember('b', { weight: 0.2 }) }])
      const [one, other] = draw.two()

      expect([one.member.id, other.member.id].toSorted()).to.deep.equal(['a', 'b'])
    }
  })
})
