import { expect } from 'aegir/chai'
import { leastLoaded } from '../../../src/strategies/algorithms/least-loaded.ts'
import { peakEwma } from '../../../src/strategies/algorithms/peak-ewma.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { BestFirst } from '../../../src/strategies/ranking/best-first.ts'
import { FULL_SCAN } from '../../../src/strategies/ranking/least-cost.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeOutcome, fakeWant, pick, ranking, shares } from '../fixtures.ts'

describe('up to 16 members', () => {
  it('the least loaded is always found', () => {
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

describe('full members', () => {
  for (const [name, strategy, count] of [['round-robin', roundRobin(), 4], ['least-loaded', leastLoaded(), 4], ['two choices', leastLoaded(), 40], ['rendezvous', rendezvous(), 40]] as const) {
    it(`come after all others, best first: ${name}`, () => {
      const members = fakeMembers(count)
      const order = strategy(fakeEnv())
      order.update(members)

      for (let i = 0; i < 50; i++) {
        for (const member of members) {
          member.full = false
        }

        const [best] = ranking(order, fakeWant(i))

        for (const [j, member] of members.entries()) {
          member.full = member.id === best || (i + j) % 3 === 0
        }

        const ranked = ranking(order, fakeWant(i)).map(id => members.find(member => member.id === id))
        const free = members.filter(({ full }) => !full).length

        expect(ranked).to.have.length(count)
        // the better of the two that are drawn may be full
        const late = name === 'two choices' ? ranked.slice(2) : ranked
        expect(late.findLastIndex(member => member?.full === false)).to.be.below(free)

        if (name === 'rendezvous') {
          expect(ranked[free]?.id).to.equal(best)
        }
      }
    })
  }

  it('cost nothing: with most members full, only those that have a place are weighed', () => {
    const members = fakeMembers(100)
    let weighed = 0
    const order = new BestFirst({
      weigh (_, costs, from, to) {
        weighed += to - from
        costs.fill(0, from, to)
      },
      before: () => false
    })
    const candidates = members.map(member => ({ member }))

    for (const [i, member] of members.entries()) {
      member.full = i % 50 !== 0
    }

    expect([order.reset(candidates).pull()?.full, order.pull()?.full, weighed]).to.deep.equal([false, false, 2])
    expect([order.pull()?.full, weighed]).to.deep.equal([true, 100])
    let rest = 0

    while (order.pull() != null) {
      rest++
    }

    expect(rest).to.equal(97)
  })
})

describe('above 16 members', () => {
  it('two members are compared: the worst is never taken, the best whenever it is drawn', () => {
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

  it('the other of the two comes second, then all others by load', () => {
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

  it('members far above the average weight get their shares, too', () => {
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
