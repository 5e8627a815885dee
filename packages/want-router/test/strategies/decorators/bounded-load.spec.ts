import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { seededRandom } from '../../../src/seeded-random.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { boundedLoad } from '../../../src/strategies/decorators/bounded-load.ts'
import { tiers } from '../../../src/strategies/decorators/tiers.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeWant, pick, ranking, shares } from '../fixtures.ts'
import type { Outcome, Strategy, StrategyFactory } from '../../../src/strategies/strategy.ts'

/** An inner strategy whose order is the configuration's. */
const asConfigured: StrategyFactory = () => {
  let members: Parameters<Strategy['update']>[0] = []

  return { update: changed => { members = changed }, rank: () => members }
}

describe('bounded load', () => {
  it('keeps the inner order while no member is above the bound', () => {
    fc.assert(fc.property(fc.string(), key => {
      const members = fakeMembers(6)
      const [inner, bounded] = [rendezvous()(fakeEnv()), boundedLoad(rendezvous())(fakeEnv())]
      inner.update(members)
      bounded.update(members)

      expect(ranking(bounded, fakeWant(key))).to.deep.equal(ranking(inner, fakeWant(key)))
    }))
  })

  it('puts members at the bound after the others, both in the inner order', () => {
    const strategy = boundedLoad(asConfigured)(fakeEnv())
    const loads = [9, 3, 8, 4]
    strategy.update(loads.map((wants, i) => fakeMember(`m${i}`, { load: { wants, bytes: 0 } })))

    // ceil(1.25 × 25 / 4) = 8
    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['m1', 'm3', 'm0', 'm2'])
  })

  it('lets a member have a few wants whatever the average, by weight', () => {
    const strategy = boundedLoad(asConfigured)(fakeEnv())
    const members = [fakeMember('a'), fakeMember('b', { weight: 0.5 }), fakeMember('c')]
    strategy.update(members)
    members[0].load.wants = 3
    members[1].load.wants = 2
    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['a', 'c', 'b'])
    members[0].load.wants = 4
    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['c', 'a', 'b'])
  })

  it('lets a member have no more than the average allows, if `least` is 0', () => {
    const strategy = boundedLoad(asConfigured, 1.25, 0)(fakeEnv())
    const members = fakeMembers(3)
    strategy.update(members)
    members[0].load.wants = 1
    expect(pick(strategy, fakeWant('key'))?.id).to.equal('member-1')
  })

  it('counts the want that is to be placed', () => {
    const strategy = boundedLoad(asConfigured, 1, 0)(fakeEnv())
    strategy.update([2, 1, 3].map((wants, i) => fakeMember(`m${i}`, { load: { wants, bytes: 0 } })))

    // ceil((6 + 1) / 3) = 3: there is a place at m0, which has two
    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['m0', 'm1', 'm2'])
  })

  it('never lets a member have more than ceil(c × average) in flight, however skewed the keys', () => {
    const members = fakeMembers(10)
    const byId = new Map(members.map(member => [member.id, member]))
    const strategy = boundedLoad(rendezvous(), 1.25, 0)(fakeEnv())
    strategy.update(members)
    const random = seededRandom(1)
    const inFlight: string[] = []

    for (let i = 0; i < 20_000; i++) {
      // Zipf-like: low numbers come most often
      const want = fakeWant(Math.floor(1000 ** random()))
      const id = pick(strategy, want)?.id ?? ''
      byId.get(id)!.load.wants++
      inFlight.push(id)

      expect(byId.get(id)!.load.wants).to.be.at.most(Math.ceil(1.25 * inFlight.length / 10))

      if (inFlight.length === 400) {
        const [done] = inFlight.splice(Math.floor(random() * 400), 1)
        byId.get(done)!.load.wants--
      }
    }
  })

  it('gives a member of twice the weight twice the bound', () => {
    const strategy = boundedLoad(asConfigured, 1, 0)(fakeEnv())
    const heavy = fakeMember('heavy', { weight: 2, load: { wants: 5, bytes: 0 } })
    strategy.update([heavy, fakeMember('light', { load: { wants: 3, bytes: 0 } })])

    // (5 + 3 + 1) / 3 = 3 for each unit of weight
    expect(pick(strategy, fakeWant('key'))?.id).to.equal('heavy')
    heavy.load.wants = 6
    // (6 + 3 + 1) / 3, rounded up after the weight: 7 and 4
    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['heavy', 'light'])
    heavy.load.wants = 8
    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['light', 'heavy'])
  })

  it('is not raised by wants that hang at an ejected member', () => {
    const strategy = boundedLoad(asConfigured)(fakeEnv())
    strategy.update([
      fakeMember('hanging', { state: 'ejected', load: { wants: 400, bytes: 0 } }),
      fakeMember('full', { load: { wants: 10, bytes: 0 } }),
      fakeMember('free', { load: { wants: 4, bytes: 0 } })
    ])

    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['free', 'hanging', 'full'])
  })

  it('keeps the inner order when no member is up', () => {
    const strategy = boundedLoad(asConfigured)(fakeEnv())
    strategy.update(fakeMembers(3).map(member => ({ ...member, state: 'ejected' })))

    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['member-0', 'member-1', 'member-2'])
  })

  it('leaves the turns of round robin to the members that are asked', () => {
    const members = fakeMembers(3)
    members[0].load.wants = 100
    const strategy = boundedLoad(roundRobin())(fakeEnv())
    strategy.update(members)

    const share = shares(strategy, 1000)
    expect(share.get('member-1')).to.be.closeTo(0.5, 0.01)
    expect(share.get('member-2')).to.be.closeTo(0.5, 0.01)
  })

  describe('around a strategy that avoids a member', () => {
    /** The configured order; the first member is a last resort. */
    const avoiding: StrategyFactory = env => ({ ...asConfigured(env), avoids: id => id === 'm0' })

    it('puts it after those that are full', () => {
      const strategy = boundedLoad(avoiding)(fakeEnv())
      strategy.update([0, 9, 1, 2].map((wants, i) => fakeMember(`m${i}`, { load: { wants, bytes: 0 } })))

      expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['m2', 'm3', 'm1', 'm0'])
    })

    it('leaves it out of the average, so that the others are not full all the time', () => {
      const strategy = boundedLoad(avoiding)(fakeEnv())
      strategy.update([0, 10, 10, 10].map((wants, i) => fakeMember(`m${i}`, { load: { wants, bytes: 0 } })))
      expect(pick(strategy, fakeWant('key'))?.id).to.equal('m1')

      // ceil(1.25 × 31 / 3) = 13, and not ceil(1.25 × 31 / 4) = 10
      const other = boundedLoad(avoiding)(fakeEnv())
      other.update([0, 12, 9, 9].map((wants, i) => fakeMember(`m${i}`, { load: { wants, bytes: 0 } })))
      expect(pick(other, fakeWant('key'))?.id).to.equal('m1')
    })

    it('avoids it, too', () => {
      const strategy = boundedLoad(avoiding)(fakeEnv())
      expect(['m0', 'm1'].map(id => strategy.avoids?.(id))).to.deep.equal([true, false])
    })
  })

  it('passes outcomes to the inner strategy', () => {
    const seen: Outcome[] = []
    const strategy = boundedLoad(() => ({ update: () => {}, rank: () => [], observe: outcome => { seen.push(outcome) } }))(fakeEnv())
    const outcome: Outcome = { member: 'a', want: fakeWant('key'), result: 'block', ms: 1, bytes: 1, hedge: false }
    strategy.observe?.(outcome)

    expect(seen).to.deep.equal([outcome])
  })

  it('refuses a bound below the average, and tiers inside it', () => {
    for (const c of [0.99, 0, -1, NaN, Infinity]) {
      expect(() => boundedLoad(rendezvous(), c)).to.throw(/c must be a number of at least 1/).with.property('name', 'InvalidOptionError')
    }

    for (const least of [-1, NaN, Infinity]) {
      expect(() => boundedLoad(rendezvous(), 2, least)).to.throw(/least must be a number of wants/).with.property('name', 'InvalidOptionError')
    }

    expect(() => boundedLoad(tiers(rendezvous()))).to.throw(/write tiers\(bounded-load\(…\)\)/).with.property('name', 'InvalidOptionError')
  })
})
