import { expect } from 'aegir/chai'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { fakeEnv, fakeMembers, fakeWant, ranking } from '../fixtures.ts'

const MEMBERS = fakeMembers(5)

describe('a ranking', () => {
  it('is reused once it has been left or has ended, and not before', () => {
    const strategy = rendezvous()(fakeEnv())
    strategy.update(MEMBERS)
    const ranked = strategy.rank(fakeWant('a'))
    const other = strategy.rank(fakeWant('b'))
    expect(other).to.not.equal(ranked)

    const [first] = other
    const again = strategy.rank(fakeWant('b'))
    expect(again).to.equal(other)
    expect([...again][0]).to.equal(first)
    expect(strategy.rank(fakeWant('c'))).to.equal(other)
  })

  it('is not disturbed by others while it is consumed', () => {
    const strategy = rendezvous()(fakeEnv())
    strategy.update(MEMBERS)
    const expected = ['a', 'b'].map(key => ranking(strategy, fakeWant(key)))
    const [a, b] = ['a', 'b'].map(key => strategy.rank(fakeWant(key))[Symbol.iterator]())
    const seen: string[][] = [[], []]

    for (let i = 0; i < 5; i++) {
      seen[0].push(a.next().value?.id ?? '')
      seen[1].push(b.next().value?.id ?? '')
    }

    expect(seen).to.deep.equal(expected)
  })

  it('stays ended', () => {
    const strategy = rendezvous()(fakeEnv())
    strategy.update(MEMBERS)
    const ranked = strategy.rank(fakeWant('key'))[Symbol.iterator]()

    ranked.next()
    ranked.return?.()
    expect(ranked.next()).to.deep.equal({ done: true, value: undefined })

    const other = strategy.rank(fakeWant('key'))[Symbol.iterator]()

    for (let i = 0; i < 5; i++) {
      expect(other.next().done).to.equal(false)
    }

    expect(other.next().done).to.equal(true)
    expect(other.next().done).to.equal(true)
  })
})
