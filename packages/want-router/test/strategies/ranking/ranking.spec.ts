import { expect } from 'aegir/chai'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { pulling, rankings } from '../../../src/strategies/ranking/ranking.ts'
import { Rearranged } from '../../../src/strategies/ranking/rearranged.ts'
import { fakeEnv, fakeMembers, fakeWant, ranking } from '../fixtures.ts'
import type { Member } from '../../../src/strategies/strategy.ts'

const MEMBERS = fakeMembers(5)

function ids (ranked: Iterable<Member>): string[] {
  return Array.from(ranked, ({ id }) => id.replace('member-', ''))
}

describe('a ranking', () => {
  it('is the same object again once it has been left or has ended, and not before', () => {
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

  it('is left alone by others while it is consumed', () => {
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

  it('ends for good', () => {
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

describe('a rearranged ranking', () => {
  it('has some first and some last, the rest as it was, and nobody twice', () => {
    const taken: string[] = []
    const rearranged = rankings(() => new Rearranged({
      start (_, first) {
        first.add(MEMBERS[3])
        return MEMBERS
      },
      delay: ({ id }) => id === 'member-0' ? 2 : id === 'member-2' ? 1 : 0,
      taken: ({ id }) => { taken.push(id) }
    }))

    expect(ids(rearranged().over(fakeWant('key')))).to.deep.equal(['3', '1', '4', '2', '0'])
    expect(taken).to.deep.equal(['member-3'])

    for (const { id } of rearranged().over(fakeWant('key'))) {
      if (id === 'member-4') {
        break
      }
    }
    expect(taken).to.deep.equal(['member-3', 'member-4'])
  })

  it('takes nobody if nobody was pulled', () => {
    const rearranged = new Rearranged({
      start: () => expect.fail('it was started'),
      taken: () => expect.fail('somebody was taken')
    })
    rearranged.open = true
    rearranged.over(fakeWant('key')).return()
  })

  it('closes the inner ranking, be it a generator, when it is closed', () => {
    let closed = false
    function * inner (): Generator<Member, undefined> {
      try {
        yield * MEMBERS
      } finally {
        closed = true
      }
    }
    const rearranged = new Rearranged({ start: () => pulling(inner()) })
    rearranged.open = true

    const [first] = rearranged.over(fakeWant('key'))
    expect(first).to.equal(MEMBERS[0])
    expect(closed).to.equal(true)
  })
})
