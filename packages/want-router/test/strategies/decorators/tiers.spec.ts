import { expect } from 'aegir/chai'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { tiers } from '../../../src/strategies/decorators/tiers.ts'
import { fakeEnv, fakeMember, fakeWant, ranking } from '../fixtures.ts'
import type { Outcome, StrategyFactory } from '../../../src/strategies/strategy.ts'

describe('tiers', () => {
  it('ranks a lower tier first, numbers as numbers, and within a tier as the inner strategy does', () => {
    const members = ['10', '2', '2', '0', '10'].map((tier, i) => fakeMember(`m${i}`, { labels: { tier } }))
    const strategy = tiers(rendezvous())(fakeEnv())
    strategy.update(members)
    const inner = rendezvous()(fakeEnv())
    inner.update(members)

    for (let key = 0; key < 100; key++) {
      const order = ranking(inner, fakeWant(key))
      const tier = (...ids: string[]): string[] => order.filter(id => ids.includes(id))

      expect(ranking(strategy, fakeWant(key))).to.deep.equal([...tier('m3'), ...tier('m1', 'm2'), ...tier('m0', 'm4')])
    }
  })

  it('puts a member without the label into tier 0', () => {
    const strategy = tiers(roundRobin())(fakeEnv())
    strategy.update([
      fakeMember('last', { labels: { tier: '1' } }),
      fakeMember('unlabelled'),
      fakeMember('first', { labels: { tier: '-1' } })
    ])

    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['first', 'unlabelled', 'last'])
  })

  it('reads the label it was told to', () => {
    const strategy = tiers(roundRobin(), { label: 'distance' })(fakeEnv())
    strategy.update([
      fakeMember('far', { labels: { distance: '2', tier: '0' } }),
      fakeMember('near', { labels: { distance: '1', tier: '1' } })
    ])

    expect(ranking(strategy, fakeWant('key'))).to.deep.equal(['near', 'far'])
  })

  it('gives each tier its own instance, and keeps it while the tier is empty', () => {
    const seen: Array<{ members: string[], outcomes: string[] }> = []

    const recording: StrategyFactory = () => {
      const mine: typeof seen[number] = { members: [], outcomes: [] }
      seen.push(mine)

      return {
        update: members => { mine.members = members.map(({ id }) => id) },
        rank: () => [],
        observe: outcome => { mine.outcomes.push(outcome.member) }
      }
    }

    const outcome = (member: string): Outcome => ({ member, want: fakeWant('key'), result: 'block', ms: 1, bytes: 1, hedge: false })
    const [cache, node] = [fakeMember('cache'), fakeMember('node', { labels: { tier: '1' } })]
    const strategy = tiers(recording)(fakeEnv())

    strategy.update([cache, node])
    strategy.observe?.(outcome('node'))
    strategy.observe?.(outcome('gone'))
    strategy.update([cache])
    expect(seen).to.deep.equal([{ members: ['cache'], outcomes: [] }, { members: [], outcomes: ['node'] }])

    strategy.update([cache, node])
    strategy.observe?.(outcome('cache'))
    expect(seen).to.deep.equal([{ members: ['cache'], outcomes: ['cache'] }, { members: ['node'], outcomes: ['node'] }])
  })

  it('refuses a label that is not a number, naming the member', () => {
    for (const tier of ['cache', '', ' ', 'Infinity']) {
      const strategy = tiers(rendezvous())(fakeEnv())

      expect(() => { strategy.update([fakeMember('kubo-1', { labels: { tier } })]) })
        .to.throw(/label tier of kubo-1 must be a number/).with.property('name', 'InvalidOptionError')
    }
  })
})
