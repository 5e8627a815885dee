import { expect } from 'aegir/chai'
import { mapped } from '../../src/have-map/mapped.ts'
import { rendezvous, roundRobin, tiers } from '../../src/index.ts'
import { fakeEnv, fakeMember, fakeWant, ranking, strategyTests } from '../../src/testing/index.ts'
import { bench, entry, inOrder, testBlock } from '../engine/harness.ts'
import { strictRunner } from '../testing/strict-runner.ts'
import type { HaveMap } from '../../src/have-map/have-map.ts'
import type { Member, Strategy, StrategyFactory } from '../../src/index.ts'

/** By their lists, members have only these blocks. */
const mapOf = (may: Record<string, readonly string[]>): Pick<HaveMap, 'isAbsent'> => ({
  isAbsent: (member, key) => Object.hasOwn(may, member) && !may[member].includes(key)
})

function made (factory: StrategyFactory, members: readonly Member[]): Strategy {
  const strategy = factory(fakeEnv())
  strategy.update(members)

  return strategy
}

const [a, b, c] = ['a', 'b', 'c'].map(id => fakeMember(id))

describe('a strategy with a have-map', () => {
  it('ranks members whose lists do not have the block behind the others', () => {
    const strategy = made(mapped(inOrder, mapOf({ a: [], b: ['x'], c: ['x'] })), [a, b, c])
    expect(ranking(strategy, fakeWant('x'))).to.deep.equal(['b', 'c', 'a'])
    expect(ranking(strategy, fakeWant('y'))).to.deep.equal(['a', 'b', 'c'])
  })

  it('leaves members without a list where they are', () => {
    const strategy = made(mapped(inOrder, mapOf({ a: [], c: ['x'] })), [a, b, c])
    expect(ranking(strategy, fakeWant('x'))).to.deep.equal(['b', 'c', 'a'])
  })

  it('leaves tiers in their order: a cache without a list is asked before a node that has the block', () => {
    const [cache, node, empty] = [['cache', '1'], ['node', '2'], ['empty', '2']].map(([id, tier]) => fakeMember(id, { labels: { tier } }))
    const strategy = made(mapped(tiers(roundRobin()), mapOf({ node: ['x'], empty: [] })), [cache, node, empty])
    expect(ranking(strategy, fakeWant('x'))).to.deep.equal(['cache', 'node', 'empty'])
  })

  it('avoids a member without a block while another may have it, is up, and has not answered DONT_HAVE', () => {
    const members = [a, fakeMember('b')]
    const strategy = made(mapped(inOrder, mapOf({ a: [], b: ['x'] })), members)
    expect(strategy.avoids?.('a', fakeWant('x'))).to.equal(true)
    expect(strategy.avoids?.('b', fakeWant('x'))).to.equal(false)
    expect(strategy.avoids?.('a', fakeWant('y'))).to.equal(false)
    expect(strategy.avoids?.('a')).to.equal(false)
    expect(strategy.avoids?.('a', fakeWant('x', { said: id => id === 'b' ? 'dont-have' : undefined }))).to.equal(false)
    members[1].state = 'ejected'
    expect(strategy.avoids?.('a', fakeWant('x'))).to.equal(false)
  })

  it('has a busy member that may have the block waited for', () => {
    const [first, second] = [testBlock(1), testBlock(2)]
    const b = bench({ strategy: mapped(inOrder, mapOf({ a: [first.key, second.key], b: [] })), limits: { wantsPerMember: 1 } })
    b.want('p', entry(first), entry(second))
    expect(b.asks.map(({ member }) => member)).to.deep.equal(['a'])
    b.block('a', first)
    expect(b.askedFor(second)).to.deep.equal(['a'])
  })

  it('costs a try where a list is wrong, and never causes a DONT_HAVE', () => {
    const block = testBlock(1)

    for (const may of [{ a: [block.key], b: [] }, { a: [], b: [] }]) {
      const b = bench({ strategy: mapped(inOrder, mapOf(may)) })
      b.want('p', entry(block))
      b.answer('a', block, 'dont-have')
      expect(b.take('p').presences).to.be.empty()
      expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
      b.block('b', block)
      expect(b.take('p').blocks).to.have.lengthOf(1)
    }
  })
})

strategyTests(mapped(rendezvous(), mapOf({})), { name: 'a strategy with an empty have-map obeys the laws of a strategy', wrap: inner => mapped(inner, mapOf({})), test: strictRunner })
