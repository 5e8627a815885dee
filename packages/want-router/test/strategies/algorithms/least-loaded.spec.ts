import { expect } from 'aegir/chai'
import { leastLoaded } from '../../../src/strategies/algorithms/least-loaded.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeWant, pick, ranking, shares } from '../fixtures.ts'

describe('least loaded', () => {
  it('ranks by the bytes in flight', () => {
    const strategy = leastLoaded()(fakeEnv())
    strategy.update([
      fakeMember('busy', { load: { wants: 4, bytes: 4 << 20 } }),
      fakeMember('idle'),
      fakeMember('middling', { load: { wants: 4, bytes: 1 << 20 } })
    ])

    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['idle', 'middling', 'busy'])
  })

  it('counts wants, too: many small ones are more work than one large', () => {
    const strategy = leastLoaded()(fakeEnv())
    strategy.update([
      fakeMember('many', { load: { wants: 400, bytes: 400 << 10 } }),
      fakeMember('one', { load: { wants: 1, bytes: 1 << 20 } })
    ])

    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['one', 'many'])
  })

  it('expects a member of twice the weight to carry twice as much', () => {
    const members = [fakeMember('a', { weight: 2 }), fakeMember('b')]
    const strategy = leastLoaded()(fakeEnv())
    strategy.update(members)

    shares(strategy, 3000, ({ id }) => {
      const member = members.find(member => member.id === id)
      expect(member).to.be.ok()
      member!.load.wants++
      member!.load.bytes += 1000
    })

    expect(members.map(({ load }) => load.wants)).to.deep.equal([2000, 1000])
  })

  it('lets idle members take turns', () => {
    const strategy = leastLoaded()(fakeEnv())
    strategy.update(fakeMembers(4))
    const round = Array.from({ length: 4 }, (_, i) => pick(strategy, fakeWant(i))?.id)

    expect(new Set(round).size).to.equal(4)
  })

  it('keeps loads within R·1e-4 of the mean (N = 100, R = 100,000)', () => {
    const members = fakeMembers(100)
    const strategy = leastLoaded()(fakeEnv())
    strategy.update(members)
    const byId = new Map(members.map(member => [member.id, member]))
    let lowest = Infinity
    let highest = 0

    shares(strategy, 100_000, ({ id }) => { byId.get(id)!.load.wants++ })

    for (const { load } of members) {
      lowest = Math.min(lowest, load.wants)
      highest = Math.max(highest, load.wants)
    }

    expect(lowest).to.be.at.least(990)
    expect(highest).to.be.at.most(1010)
  })

  it('refuses a cost that is not above 0', () => {
    for (const wantCost of [0, -1, NaN, Infinity]) {
      expect(() => leastLoaded({ wantCost })).to.throw().with.property('name', 'InvalidOptionError')
    }
  })
})
