import { expect } from 'aegir/chai'
import { random } from '../../../src/strategies/algorithms/random.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeWant, ranking } from '../fixtures.ts'

describe('random', () => {
  it('gives the wants of a failed member to no other in particular: the next one is as random', () => {
    const strategy = random()(fakeEnv())
    strategy.update(fakeMembers(4))
    const followers: Record<string, number> = {}

    for (let i = 0; i < 30_000; i++) {
      const [first, second] = ranking(strategy, fakeWant(i))

      if (first === 'member-1') {
        followers[second] = (followers[second] ?? 0) + 1
      }
    }

    const total = Object.values(followers).reduce((a, b) => a + b)

    for (const id of ['member-0', 'member-2', 'member-3']) {
      expect(followers[id] / total, id).to.be.closeTo(1 / 3, 0.02)
    }
  })

  it('draws the ones that follow by weight, too', () => {
    const strategy = random()(fakeEnv())
    strategy.update([fakeMember('a', { weight: 10 }), fakeMember('b', { weight: 3 }), fakeMember('c')])
    let asked = 0
    let b = 0

    for (let i = 0; i < 20_000; i++) {
      const [first, second] = ranking(strategy, fakeWant(i))

      if (first === 'a') {
        asked++
        b += second === 'b' ? 1 : 0
      }
    }

    expect(b / asked).to.be.closeTo(3 / 4, 0.02)
  })
})
