import { expect } from 'aegir/chai'
import { guardedStrategy } from '../../src/engine/guarded-strategy.ts'
import { rendezvous, tiers } from '../../src/index.ts'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { Member, Strategy, StrategyFactory } from '../../src/strategies/strategy.ts'

const members = [{ id: 'c' }, { id: 'a' }, { id: 'b' }]
const blocks = Array.from({ length: 20 }, (_, i) => testBlock(i))

/** In the reverse of the configured order, until it throws. */
function reversed (throws: Partial<Strategy>): StrategyFactory {
  return () => {
    let all: readonly Member[] = []

    return {
      update (next) { all = [...next].reverse() },
      rank: () => all,
      ...throws
    }
  }
}

function fail (): never {
  throw new Error('a fault of the strategy')
}

/** Every block is wanted; the first member that is asked does not have it, the second serves it. */
function serveAll (strategy: StrategyFactory): { b: Bench, told: string[] } {
  const told: string[] = []
  const b = bench({ members, strategy, strategyFailed (method, error) { told.push(`${method}: ${(error as Error).message}`) } })

  for (const block of blocks) {
    b.want('p', entry(block))
    b.answer(b.askedFor(block)[0], block, 'dont-have')
    b.block(b.askedFor(block)[1], block)
    expect(b.take('p').blocks).to.have.length(1)
  }

  return { b, told }
}

describe('engine: a strategy that throws', () => {
  const faults: Record<string, { throws: Partial<Strategy>, asked: string[], told: string }> = {
    'when it ranks': { throws: { rank: fail }, asked: ['c', 'a'], told: 'rank: a fault of the strategy' },
    'in the middle of a ranking': {
      throws: {
        * rank () {
          yield { id: 'b' } as unknown as Member
          fail()
        }
      },
      asked: ['b', 'c'],
      told: 'rank: a fault of the strategy'
    },
    'because it ranks no members': { throws: { rank: () => undefined as unknown as Member[] }, asked: ['c', 'a'], told: 'rank: undefined is not iterable' },
    'because its ranking never ends': {
      throws: {
        * rank () {
          for (;;) {
            yield { id: 'b' } as unknown as Member
          }
        }
      },
      asked: ['b', 'c'],
      told: 'rank: the strategy ranks more members than there are'
    },
    'when it observes an outcome': { throws: { observe: fail }, asked: ['b', 'a'], told: 'observe: a fault of the strategy' }
  }

  for (const [when, { throws, asked, told }] of Object.entries(faults)) {
    it(`${when}: each error is counted, the first is reported, and wants are served`, () => {
      const result = serveAll(reversed(throws))

      for (const block of blocks) {
        expect(result.b.askedFor(block)).to.deep.equal(asked)
      }

      expect(result.told).to.have.length(1)
      expect(result.told[0]).to.include(told)
      expect(result.b.engine.status().totals.strategyErrors).to.be.at.least(blocks.length)
    })
  }

  it('when it is asked which members to avoid: wants are served', () => {
    const told: string[] = []
    const b = bench({ members, limits: { wantsPerMember: 1 }, strategy: reversed({ avoids: fail }), strategyFailed (method) { told.push(method) } })
    b.want('p', ...blocks.slice(0, 4).map(block => entry(block)))
    expect(b.asks.map(({ member }) => member)).to.deep.equal(['b', 'a', 'c'])
    expect(told).to.deep.equal(['avoids'])
  })

  it('when its members change: it is not asked until it has accepted another change', () => {
    let bad = false
    const told: string[] = []

    const strategy: StrategyFactory = () => {
      let all: readonly Member[] = []

      return {
        update (next) {
          all = [...next].reverse()

          if (bad) {
            fail()
          }
        },
        rank: () => all
      }
    }

    const b = bench({ members, strategy, strategyFailed (method) { told.push(method) } })
    const [first, second, third] = blocks
    b.want('p', entry(first))
    bad = true
    b.engine.put({ t: 'down', member: 'a' })
    b.flush()
    b.want('p', entry(second))
    bad = false
    b.engine.put({ t: 'up', member: 'a' })
    b.flush()
    b.want('p', entry(third))
    expect([first, second, third].map(block => b.askedFor(block)[0])).to.deep.equal(['b', 'c', 'b'])
    expect(told).to.deep.equal(['update'])
  })

  it('is refused at construction if it cannot take the configured members', () => {
    const refused = (strategy: StrategyFactory, labels: Record<string, string>): (() => Bench) => () => bench({ members: [{ id: 'a' }, { id: 'b', labels } as { id: string }], strategy, up: false })
    expect(refused(tiers(rendezvous()), { tier: 'cache' })).to.throw('the label tier of b must be a number').with.property('name', 'InvalidOptionError')
    expect(refused(reversed({ update: fail }), {})).to.throw('a fault of the strategy').with.property('name', 'InvalidOptionError')
    expect(refused(tiers(rendezvous()), { tier: '2' })).to.not.throw()
  })

  it('observes no attempts if it has no method for that', () => {
    const observe = (): void => {}
    expect(guardedStrategy({ update () {}, rank: () => [] }, fail).observe).to.equal(undefined)
    expect(guardedStrategy({ update () {}, rank: () => [], observe }, fail).observe).to.be.a('function')
  })
})
