import { expect } from 'aegir/chai'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeWant, pick, shares } from '../fixtures.ts'
import type { Strategy } from '../../../src/strategies/strategy.ts'

function picks (strategy: Strategy, count: number): string[] {
  return Array.from({ length: count }, (_, i) => pick(strategy, fakeWant(i))?.id ?? '')
}

describe('round robin', () => {
  it('asks each member once a round, in the same order every round', () => {
    const strategy = roundRobin()(fakeEnv())
    strategy.update(fakeMembers(5))

    const round = picks(strategy, 5)
    expect(new Set(round).size).to.equal(5)
    expect(picks(strategy, 10)).to.deep.equal([...round, ...round])
  })

  it('starts with another member in another process', () => {
    const first = new Set<string>()

    for (let seed = 0; seed < 50; seed++) {
      const strategy = roundRobin()(fakeEnv(seed))
      strategy.update(fakeMembers(3))
      first.add(pick(strategy, fakeWant(0))?.id ?? '')
    }

    expect(first.size).to.equal(3)
  })

  it('interleaves by weight: no member is ever two turns ahead of its share or behind it', () => {
    const members = [fakeMember('a', { weight: 5 }), fakeMember('b', { weight: 2 }), fakeMember('c', { weight: 1 })]
    const strategy = roundRobin()(fakeEnv())
    strategy.update(members)
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 }

    for (let i = 1; i <= 8000; i++) {
      counts[pick(strategy, fakeWant(i))?.id ?? '']++

      for (const { id, weight } of members) {
        expect(counts[id] - i * weight / 8, `${id} after ${i}`).to.be.within(-2, 2)
      }
    }
  })

  it('spreads the turns of an ejected member over all others', () => {
    const strategy = roundRobin()(fakeEnv())
    const members = fakeMembers(4)
    strategy.update(members)
    const counts: Record<string, number> = {}

    for (let i = 0; i < 9000; i++) {
      for (const { id } of strategy.rank(fakeWant(i))) {
        if (id !== 'member-1') {
          counts[id] = (counts[id] ?? 0) + 1
          break
        }
      }
    }

    expect(counts).to.deep.equal({ 'member-0': 3000, 'member-2': 3000, 'member-3': 3000 })
  })

  it('owes nothing to a member that comes back', () => {
    const strategy = roundRobin()(fakeEnv())
    strategy.update(fakeMembers(2))

    for (let i = 0; i < 1000; i++) {
      for (const { id } of strategy.rank(fakeWant(i))) {
        if (id !== 'member-0') {
          break
        }
      }
    }

    expect(picks(strategy, 100).filter(id => id === 'member-0')).to.have.length.within(50, 51)
  })

  it('does not move on twice when the ranking is consumed to its end', () => {
    const strategy = roundRobin()(fakeEnv())
    strategy.update(fakeMembers(3))
    const firsts = Array.from({ length: 6 }, (_, i) => [...strategy.rank(fakeWant(i))][0].id)

    expect(new Set(firsts.slice(0, 3)).size).to.equal(3)
    expect(firsts.slice(3)).to.deep.equal(firsts.slice(0, 3))
  })

  it('takes a turn without the iterator being closed', () => {
    const strategy = roundRobin()(fakeEnv())
    strategy.update(fakeMembers(2))
    const next = (): string | undefined => strategy.rank(fakeWant(0))[Symbol.iterator]().next().value?.id

    expect(next()).to.not.equal(next())
  })

  it('keeps its shares when a weight changes and after millions of turns', function () {
    const strategy = roundRobin()(fakeEnv())
    const members = [fakeMember('a', { weight: 0.1 }), fakeMember('b', { weight: 0.1 })]
    strategy.update(members)
    // a turn lasts 5 units of virtual time: enough to go back to 0 more than once
    shares(strategy, 600_000)

    members[0].weight = 0.3
    const share = shares(strategy, 10_000)
    expect(share.get('a')).to.be.closeTo(0.75, 0.01)
  })

  it('gives a member that joins its share from then on, and nothing of the past', () => {
    for (const turns of [0, 1000, 300_000]) {
      const strategy = roundRobin()(fakeEnv())
      // so little that virtual time, at 5 units a turn, goes back to 0 meanwhile
      const members = fakeMembers(2, () => ({ weight: 0.1 }))
      strategy.update(members)
      shares(strategy, turns)
      strategy.rank(fakeWant('not consumed'))
      strategy.update([...members, fakeMember('new', { weight: 0.1 })])

      expect(picks(strategy, 90).filter(id => id === 'new'), `after ${turns} turns`).to.have.length.within(29, 31)
    }
  })

  it('does not always go to a member that joins next, or all workers would turn to it at once', () => {
    let first = 0

    for (let seed = 0; seed < 300; seed++) {
      const strategy = roundRobin()(fakeEnv(seed))
      strategy.update(fakeMembers(2))
      picks(strategy, 50)
      strategy.update([...fakeMembers(2), fakeMember('new')])
      first += picks(strategy, 1)[0] === 'new' ? 1 : 0
    }

    expect(first).to.be.within(50, 250)
  })

  it('keeps the shares of the others after the turn of a member that weighs next to nothing', () => {
    const strategy = roundRobin()(fakeEnv())
    strategy.update([fakeMember('a'), fakeMember('b', { weight: 2 }), fakeMember('c', { weight: 1e-18 })])

    // the others are passed over: its turn, the first in an age, is the one that is taken
    for (const { id } of strategy.rank(fakeWant('key'))) {
      if (id === 'c') {
        break
      }
    }

    expect(shares(strategy, 3000).get('a')).to.be.closeTo(1 / 3, 0.01)
  })
})
