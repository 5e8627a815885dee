import { expect } from 'aegir/chai'
import { DEFAULT_STRATEGY, defaultStrategy } from '../../src/strategies/default.ts'
import { parseStrategy } from '../../src/strategies/syntax/parser.ts'
import { fakeEnv, fakeMember, fakeOutcome, fakeWant, ranking } from './fixtures.ts'
import type { Strategy, StrategyFactory } from '../../src/strategies/strategy.ts'

describe('the default strategy', () => {
  const made: Record<string, StrategyFactory> = { made: defaultStrategy(), written: parseStrategy(DEFAULT_STRATEGY) }

  for (const [how, factory] of Object.entries(made)) {
    const strategyOf = (loads: readonly number[]): Strategy => {
      const strategy = factory(fakeEnv())
      strategy.update(loads.map((wants, i) => fakeMember(`m${i}`, { load: { wants, bytes: 0 } })))

      return strategy
    }

    it(`as ${how}, keeps a block at its node while that has few wants, and spreads it after that`, () => {
      const home = ranking(strategyOf([0, 0, 0]), fakeWant('hot')).map(id => Number(id.slice(1)))
      const busy = (wants: number): readonly number[] => [0, 1, 2].map(i => i === home[0] ? wants : 0)
      expect(ranking(strategyOf(busy(3)), fakeWant('hot'))[0]).to.equal(`m${home[0]}`)
      expect(ranking(strategyOf(busy(4)), fakeWant('hot'))[0]).to.equal(`m${home[1]}`)
    })

    it(`as ${how}, asks a member that misses what others have last`, () => {
      const strategy = strategyOf([0, 0, 0])

      for (let i = 0; i < 20; i++) {
        const want = fakeWant(i, { said: member => member === 'm0' ? 'dont-have' : undefined })
        strategy.observe?.(fakeOutcome('m0', { want, result: 'dont-have' }))
        strategy.observe?.(fakeOutcome('m1', { want, result: 'block' }))
      }

      const last = Array.from({ length: 50 }, (_, i) => ranking(strategy, fakeWant(1000 + i)).at(-1))
      expect(last.filter(id => id === 'm0')).to.have.length.above(45)
    })
  }
})
