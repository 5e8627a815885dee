import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeWant, pick, ranking, shares } from '../fixtures.ts'
import type { Strategy } from '../../../src/strategies/strategy.ts'
import type { FakeMember } from '../fixtures.ts'

function ranked (members: FakeMember[], seed?: number): Strategy {
  const strategy = rendezvous()(fakeEnv(seed))
  strategy.update(members)

  return strategy
}

const someMembers = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1 }), weight: fc.double({ min: 0.1, max: 10, noNaN: true }) }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 12 }
).map(inits => inits.map(({ id, weight }) => fakeMember(id, { weight })))

describe('rendezvous', () => {
  it('ranks the same for a want every time, and differently for another want', () => {
    const strategy = ranked(fakeMembers(8))

    expect(ranking(strategy, fakeWant('one'))).to.deep.equal(ranking(strategy, fakeWant('one')))
    expect(ranking(strategy, fakeWant('one'))).to.not.deep.equal(ranking(strategy, fakeWant('two')))
  })

  it('ranks the same in every order of the configuration', () => {
    fc.assert(fc.property(
      someMembers.chain(members => fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length }))),
      fc.string(),
      ([members, shuffled], key) => {
        expect(ranking(ranked(members), fakeWant(key))).to.deep.equal(ranking(ranked(shuffled), fakeWant(key)))
      }
    ))
  })

  it('only moves the blocks of the member that leaves', () => {
    fc.assert(fc.property(someMembers, fc.nat(), fc.string(), (members, which, key) => {
      const gone = members[which % members.length].id
      const before = ranking(ranked(members), fakeWant(key))
      const after = ranking(ranked(members.filter(({ id }) => id !== gone)), fakeWant(key))

      expect(after).to.deep.equal(before.filter(id => id !== gone))
    }))
  })

  it('ranks an ejected member where it was, so that it gets its blocks back', () => {
    fc.assert(fc.property(someMembers, fc.string(), (members, key) => {
      const strategy = ranked(members)
      const before = ranking(strategy, fakeWant(key))
      members[0].state = 'ejected'
      strategy.update(members)

      expect(ranking(strategy, fakeWant(key))).to.deep.equal(before)
    }))
  })

  it('moves a tenth of the blocks when one of ten leaves, evenly to the others', () => {
    const members = fakeMembers(10)
    const before = ranked(members)
    const after = ranked(members.slice(1))
    const heirs = new Map<string, number>()
    let moved = 0

    for (let i = 0; i < 100_000; i++) {
      const want = fakeWant(i)
      const heir = pick(after, want)?.id ?? ''

      if (pick(before, want)?.id !== heir) {
        moved++
        heirs.set(heir, (heirs.get(heir) ?? 0) + 1)
      }
    }

    expect(moved / 100_000).to.be.closeTo(0.1, 0.01)

    for (const count of heirs.values()) {
      expect(count / moved).to.be.closeTo(1 / 9, 0.02)
    }
  })

  it('spreads evenly: the fullest of ten within 3% of the average', () => {
    const share = shares(ranked(fakeMembers(10)), 100_000)
    expect(Math.max(...share.values()) * 10).to.be.below(1.03)
  })

  it('takes from all members alike for one that gains weight', () => {
    const members = fakeMembers(4)
    const before = ranked(members)
    const after = ranked([fakeMember('member-0', { weight: 3 }), ...members.slice(1)])

    for (let i = 0; i < 2000; i++) {
      const winner = pick(after, fakeWant(i))?.id

      if (winner !== 'member-0') {
        expect(winner).to.equal(pick(before, fakeWant(i))?.id)
      }
    }
  })

  it('orders differently with another seed, also when only its upper half differs', () => {
    const members = fakeMembers(10)
    const orders = new Set([1, 2, 2 ** 32 + 1, 2 ** 33 + 1].map(seed => ranking(ranked(members, seed), fakeWant('key')).join()))

    expect(orders.size).to.equal(4)
  })
})
