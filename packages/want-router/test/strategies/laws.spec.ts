import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { boundedLoad } from '../../src/strategies/decorators/bounded-load.ts'
import { presence } from '../../src/strategies/decorators/presence.ts'
import { tiers } from '../../src/strategies/decorators/tiers.ts'
import { leastLoaded } from '../../src/strategies/least-loaded.ts'
import { peakEwma } from '../../src/strategies/peak-ewma.ts'
import { rendezvous } from '../../src/strategies/rendezvous.ts'
import { roundRobin } from '../../src/strategies/round-robin.ts'
import { fakeEnv, fakeMember, fakeWant, pick, ranking, shares } from './fixtures.ts'
import type { FakeMember } from './fixtures.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'

// what every strategy owes the engine, whatever its order

const STRATEGIES: Record<string, () => StrategyFactory> = {
  'round robin': () => roundRobin(),
  'least loaded': () => leastLoaded(),
  'peak EWMA': () => peakEwma(),
  rendezvous: () => rendezvous(),
  'presence over rendezvous': () => presence(rendezvous()),
  'presence over peak EWMA': () => presence(peakEwma()),
  'bounded load over rendezvous': () => boundedLoad(rendezvous()),
  'bounded load over round robin': () => boundedLoad(roundRobin()),
  'tiers over bounded load': () => tiers(boundedLoad(rendezvous()))
}

const member: fc.Arbitrary<FakeMember> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 12 }),
  weight: fc.double({ min: 0.05, max: 20, noNaN: true }),
  labels: fc.oneof(fc.constant({}), fc.record({ tier: fc.constantFrom('0', '1', '2') })),
  state: fc.constantFrom('up', 'ejected', 'draining'),
  load: fc.record({ wants: fc.nat(512), bytes: fc.nat(1 << 24) })
})
const members = fc.uniqueArray(member, { selector: ({ id }) => id, maxLength: 20 })
const keys = fc.array(fc.string(), { maxLength: 30 })

for (const [name, factory] of Object.entries(STRATEGIES)) {
  describe(`${name} obeys the laws of a strategy`, () => {
    it('ranks every member once, whatever their states', () => {
      fc.assert(fc.property(members, keys, (members, keys) => {
        const strategy = factory()(fakeEnv())
        strategy.update(members)

        for (const key of keys) {
          const ids = ranking(strategy, fakeWant(key))
          expect(ids.toSorted()).to.deep.equal(members.map(({ id }) => id).toSorted())
        }
      }))
    })

    it('ranks nobody twice while loads change under it', () => {
      fc.assert(fc.property(members, fc.string(), (members, key) => {
        const strategy = factory()(fakeEnv())
        strategy.update(members)
        const seen = new Set<string>()

        for (const { id } of strategy.rank(fakeWant(key))) {
          expect(seen).to.not.include(id)
          seen.add(id)
          // the engine asks several members for a want have
          const asked = members.find(member => member.id === id)
          expect(asked).to.be.ok()
          asked!.load.wants += 100
          asked!.load.bytes += 1 << 20
        }

        expect(seen.size).to.equal(members.length)
      }))
    })

    it('ranks alike with the same seed and history', () => {
      fc.assert(fc.property(members, keys, fc.integer(), (members, keys, seed) => {
        const run = (): string[][] => {
          const strategy = factory()(fakeEnv(seed))
          strategy.update(members)
          return keys.map((key, i) => {
            const want = fakeWant(key)
            // some are ranked in full, some only as far as the first
            return i % 3 === 0 ? ranking(strategy, want) : [pick(strategy, want)?.id ?? '']
          })
        }

        expect(run()).to.deep.equal(run())
      }))
    })

    it('follows members that come and go', () => {
      fc.assert(fc.property(members, members, members, (a, b, c) => {
        const strategy = factory()(fakeEnv())

        for (const members of [a, b, c]) {
          strategy.update(members)
          expect(ranking(strategy, fakeWant('key')).toSorted()).to.deep.equal(members.map(({ id }) => id).toSorted())
        }
      }))
    })

    it('ranks none of no members', () => {
      const strategy = factory()(fakeEnv())
      expect(ranking(strategy, fakeWant('key'))).to.be.empty()
      strategy.update([])
      expect(ranking(strategy, fakeWant('key'))).to.be.empty()
    })

    it('gives each member its weight in first places, within a percentage point', () => {
      const strategy = factory()(fakeEnv())
      const members = [fakeMember('a', { weight: 5 }), fakeMember('b', { weight: 3 }), fakeMember('c'), fakeMember('d')]
      strategy.update(members)

      const share = shares(strategy, 100_000)

      for (const { id, weight } of members) {
        expect(share.get(id)).to.be.closeTo(weight / 10, 0.01)
      }
    })
  })
}
