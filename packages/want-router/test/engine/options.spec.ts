import { expect } from 'aegir/chai'
import { DEFAULT_LIMITS } from '../../src/defaults.ts'
import { InvalidOptionError, ReentryError } from '../../src/errors.ts'
import { fakeMember } from '../../src/testing/fakes.ts'
import { bench, entry, inOrder, testBlock } from './harness.ts'
import type { TapRecord } from '../../src/engine/tap.ts'
import type { Outcome, StrategyFactory, Want } from '../../src/strategies/strategy.ts'

describe('engine: its options', () => {
  it('refuses two members of the same id', () => {
    expect(() => bench({ members: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] })).to.throw(InvalidOptionError, '"a"')
  })

  for (const weight of [0, -1, NaN, Infinity]) {
    it(`refuses a member of weight ${weight}`, () => {
      expect(() => bench({ members: [{ id: 'a', weight }] })).to.throw(InvalidOptionError, `"a" has weight ${weight}`)
    })
  }

  it('refuses limits that are invalid', () => {
    for (const value of [NaN, -1, 1.5, Infinity, 0]) {
      expect(() => bench({ limits: { wantsPerClient: value } })).to.throw(InvalidOptionError, `limits.wantsPerClient must be a whole number above 0, not ${value}`)
    }

    expect(() => bench({ limits: { hedgeShare: 5 } })).to.throw(InvalidOptionError, 'limits.hedgeShare must be a share')
    expect(() => bench({ limits: { wantsPerPeer: 5 } as object })).to.throw(InvalidOptionError, 'limits.wantsPerPeer does not exist')
  })

  it('uses the default for a limit that is undefined', () => {
    const taps: TapRecord[] = []
    bench({ limits: { tries: undefined }, tap: record => { taps.push(record) } })
    expect(taps[0]).to.have.nested.property('limits.tries', DEFAULT_LIMITS.tries)
  })

  it('refuses a strategy that cannot take the members, whatever it throws', () => {
    for (const thrown of [new Error('too many'), 'too many']) {
      const strategy: StrategyFactory = () => ({
        update () {
          throw thrown // eslint-disable-line @typescript-eslint/only-throw-error
        },
        rank: () => []
      })
      expect(() => bench({ strategy })).to.throw(InvalidOptionError, 'too many')
    }
  })

  it('shows a strategy the answers of members, but not that they cannot tell', () => {
    const seen: Want[] = []
    const said: Array<string | undefined> = []

    const strategy: StrategyFactory = env => {
      const inner = inOrder(env)

      return {
        ...inner,
        rank (want) {
          seen.push(want)
          said.push(...['a', 'b', 'c', 'd'].map(member => want.said(member)))

          return inner.rank(want)
        }
      }
    }

    const b = bench({ members: ['a', 'b', 'c', 'd'].map(id => ({ id })), strategy })
    b.want('p', entry(testBlock(1)))
    b.answer('a', testBlock(1), 'dont-have')
    b.answer('b', testBlock(1), 'unknown')
    b.answer('c', testBlock(1), 'failed')
    b.pass(2000) // until the budget pays for a retry
    expect(b.askedFor(testBlock(1))).to.deep.equal(['a', 'b', 'c', 'd'])
    expect(said.slice(-4)).to.deep.equal(['dont-have', undefined, 'failed', undefined])
    expect(new Set(seen.map(({ key }) => key))).to.deep.equal(new Set([testBlock(1).key]))

    // its answers before it went down do not count
    b.engine.put({ t: 'down', member: 'a' })
    b.answer('d', testBlock(1), 'dont-have')
    b.engine.put({ t: 'up', member: 'a' })
    b.flush()
    expect(said.slice(-4)[0]).to.equal(undefined)
  })

  it('refuses a factory that does not return a strategy', () => {
    expect(() => bench({ members: [{ id: 'a' }], strategy: (() => ({})) as unknown as StrategyFactory })).to.throw('roundRobin(), not roundRobin')
  })

  it('ignores ranked objects that are not members', () => {
    const strategy: StrategyFactory = env => {
      const inner = inOrder(env)

      return { ...inner, rank: want => [fakeMember('ghost'), ...inner.rank(want)] }
    }

    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], strategy })
    b.want('p', entry(testBlock(1)))
    expect(b.askedFor(testBlock(1))).to.deep.equal(['a'])
  })

  it('reports how each attempt ended to listeners and to the strategy alike', () => {
    const told: Outcome[] = []
    const observed: Outcome[] = []
    const strategy: StrategyFactory = env => ({ ...inOrder(env), observe (outcome) { observed.push(outcome) } })
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], strategy })
    b.engine.watchAttempts(outcome => { told.push(outcome) })
    b.want('p', entry(testBlock(1)))
    b.answer('a', testBlock(1), 'dont-have')
    b.now += 3
    b.block('b', testBlock(1))
    expect(told.map(({ member, result, ms }) => `${member} ${result} ${ms}`)).to.deep.equal(['a dont-have 0', 'b block 3'])
    expect(told).to.deep.equal(observed)
  })

  it('throws when it is called from inside its own flush and has a tap', () => {
    const b = bench({ tap: () => {} })
    const put = (): void => { b.engine.put({ t: 'tick' }) }
    b.engine.put({ t: 'message', client: 'p', wants: [entry(testBlock(1))], full: false })
    expect(() => { b.engine.flush({ ask: put, cancel: put, ready: put, close: put, reset: put }) }).to.throw(ReentryError)
  })
})
