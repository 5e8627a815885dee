import { expect } from 'aegir/chai'
import { createWeightedDraw } from '../../../src/strategies/ranking/weighted-draw.ts'
import { fakeEnv, fakeMember } from '../fixtures.ts'

describe('a weighted draw', () => {
  it('draws two that differ, each by weight', () => {
    const random = fakeEnv().random
    const draw = createWeightedDraw(random)
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

  it('never fails at the extremes of a random number', () => {
    for (const number of [0, 1 - 2 ** -53]) {
      const draw = createWeightedDraw(() => number)
      draw.update([{ member: fakeMember('a', { weight: 0.1 }) }, { member: fakeMember('b', { weight: 0.2 }) }])
      const [one, other] = draw.two()

      expect([one.member.id, other.member.id].toSorted()).to.deep.equal(['a', 'b'])
    }
  })
})
