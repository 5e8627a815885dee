import { expect } from 'aegir/chai'
import { maglev } from '../../../src/strategies/algorithms/maglev.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeWant, pick, ranking, shares } from '../fixtures.ts'
import type { Strategy } from '../../../src/strategies/strategy.ts'
import type { FakeMember } from '../fixtures.ts'

function ranked (members: FakeMember[], size?: number): Strategy {
  const strategy = maglev({ size })(fakeEnv())
  strategy.update(members)

  return strategy
}

describe('maglev', () => {
  it('spreads evenly: the fullest of ten within 2% of the average', () => {
    const share = shares(ranked(fakeMembers(10)), 100_000)
    expect(Math.max(...share.values()) * 10).to.be.below(1.02)
  })

  it('gives shares of the table that are exact to one place', () => {
    const strategy = ranked([fakeMember('a', { weight: 3 }), fakeMember('b', { weight: 2 }), fakeMember('c', { weight: 0.5 })], 1009)
    const counts: Record<string, number> = {}

    for (let hash = 0; hash < 1009; hash++) {
      const id = pick(strategy, fakeWant('key', { hash }))?.id ?? ''
      counts[id] = (counts[id] ?? 0) + 1
    }

    expect(counts.a).to.be.within(550, 551)
    expect(counts.b).to.be.within(366, 368)
    expect(counts.c).to.be.within(91, 93)
  })

  it('builds no table for members that change before anything is picked', () => {
    const strategy = maglev({ size: 5_000_011 })(fakeEnv())

    // some 100 ms a table
    for (let i = 1; i <= 1000; i++) {
      strategy.update(fakeMembers(10).map(member => ({ ...member, baseWeight: i })))
    }

    strategy.update(fakeMembers(1))
    expect(pick(strategy, fakeWant('key'))?.id).to.equal(fakeMembers(1)[0].id)
  })

  it('moves a tenth of the blocks when one of ten leaves, and less than 3% besides', () => {
    const before = ranked(fakeMembers(10))
    const after = ranked(fakeMembers(10).slice(1))
    let moved = 0
    let beside = 0

    for (let i = 0; i < 50_000; i++) {
      const want = fakeWant(i)
      const owner = pick(before, want)?.id

      if (pick(after, want)?.id !== owner) {
        moved++
        beside += owner === 'member-0' ? 0 : 1
      }
    }

    expect((moved - beside) / 50_000).to.be.closeTo(0.1, 0.01)
    expect(beside / 50_000).to.be.within(0.0001, 0.03)
  })

  it('spreads what a member cannot serve over all others, by the order of the block', () => {
    const strategy = ranked(fakeMembers(10))
    const order = rendezvous()(fakeEnv())
    order.update(fakeMembers(10))
    const heirs: Record<string, number> = {}
    let total = 0

    for (let i = 0; i < 50_000; i++) {
      const want = fakeWant(i)
      const [first, ...others] = ranking(strategy, want)

      if (i < 500) {
        expect(others).to.deep.equal(ranking(order, want).filter(id => id !== first))
      }

      if (first === 'member-3') {
        heirs[others[0]] = (heirs[others[0]] ?? 0) + 1
        total++
      }
    }

    for (const [id, count] of Object.entries(heirs)) {
      expect(count / total, id).to.be.closeTo(1 / 9, 0.025)
    }
  })

  it('gives a member in its slow start its own blocks back, and moves no others', () => {
    const members = fakeMembers(4)
    const strategy = ranked(members)
    const owners = Array.from({ length: 10_000 }, (_, i) => pick(strategy, fakeWant(i))?.id)

    members[0].weight = 0.3
    strategy.update(members)
    let kept = 0

    for (const [i, owner] of owners.entries()) {
      const id = pick(strategy, fakeWant(i))?.id

      if (owner === 'member-0') {
        kept += id === owner ? 1 : 0
      } else {
        expect(id).to.equal(owner)
      }
    }

    const own = owners.filter(id => id === 'member-0').length
    // 0.3 by weight, and those of the others in whose own order it comes first
    expect(kept / own).to.be.within(0.3, 0.45)

    members[0].weight = 1
    expect(owners.map((_, i) => pick(strategy, fakeWant(i))?.id)).to.deep.equal(owners)
  })

  it('rebuilds its table only when members or their configured weights change', () => {
    const members = fakeMembers(100)
    const strategy = maglev({ size: 500_009 })(fakeEnv())

    const ms = (run: () => void): number => {
      const began = performance.now()
      run()

      return performance.now() - began
    }

    const made = ms(() => {
      strategy.update(members)
      pick(strategy, fakeWant('key'))
    })

    const kept = ms(() => {
      for (let i = 0; i < 5; i++) {
        members[i].weight = 0.1
        members[i].state = 'ejected'
        strategy.update(members.toReversed())
        pick(strategy, fakeWant('key'))
      }
    })

    expect(kept).to.be.below(made)
  })

  it('refuses a size that is not a prime, or too large', () => {
    for (const size of [0, 1, 4, 65_536, 65_539 * 3, 2.5, NaN, Infinity, 5_000_023]) {
      expect(() => maglev({ size }), `${size}`).to.throw(/size must be a prime/).with.property('name', 'InvalidOptionError')
    }

    expect(() => maglev({ size: 2 })).to.not.throw()
  })
})
