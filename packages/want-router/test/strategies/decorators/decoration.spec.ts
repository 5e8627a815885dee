import { expect } from 'aegir/chai'
import { hotCold } from '../../../src/strategies/algorithms/hot-cold.ts'
import { leastLoaded } from '../../../src/strategies/algorithms/least-loaded.ts'
import { maglev } from '../../../src/strategies/algorithms/maglev.ts'
import { peakEwma } from '../../../src/strategies/algorithms/peak-ewma.ts'
import { random } from '../../../src/strategies/algorithms/random.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { boundedLoad } from '../../../src/strategies/decorators/bounded-load.ts'
import { ORDER, REFUSED } from '../../../src/strategies/decorators/decoration.ts'
import { presence } from '../../../src/strategies/decorators/presence.ts'
import { sticky } from '../../../src/strategies/decorators/sticky.ts'
import { tiers } from '../../../src/strategies/decorators/tiers.ts'
import { fakeEnv, fakeMember, fakeWant, ranking } from '../fixtures.ts'
import type { DecoratorName } from '../../../src/strategies/decorators/decoration.ts'
import type { StrategyFactory } from '../../../src/strategies/strategy.ts'

const DECORATORS: Record<DecoratorName, (inner: StrategyFactory) => StrategyFactory> = {
  tiers: inner => tiers(inner),
  'bounded-load': inner => boundedLoad(inner),
  presence: inner => presence(inner),
  sticky: inner => sticky(inner)
}

const STRATEGIES = { roundRobin, random, leastLoaded, peakEwma, hotCold, rendezvous, maglev: () => maglev({ size: 251 }) }

/** The first is outermost. */
function decorate (names: readonly DecoratorName[], strategy: StrategyFactory = rendezvous()): StrategyFactory {
  return names.reduceRight((inner, name) => DECORATORS[name](inner), strategy)
}

function works (factory: StrategyFactory): void {
  const strategy = factory(fakeEnv())
  const members = ['a', 'b', 'c', 'd', 'e'].map((id, i) => fakeMember(id, { labels: { tier: `${i % 2}`, zone: `${i % 3}` }, load: { wants: i * 3, bytes: 0 } }))
  strategy.update(members)

  for (let key = 0; key < 20; key++) {
    expect(ranking(strategy, fakeWant(key)).toSorted()).to.deep.equal(['a', 'b', 'c', 'd', 'e'])
  }
}

function subsets<T> ([first, ...rest]: readonly T[]): T[][] {
  return first == null ? [[]] : subsets(rest).flatMap(subset => [subset, [first, ...subset]])
}

describe('decorators', () => {
  for (const outer of ORDER) {
    for (const inner of ORDER) {
      const why = REFUSED[outer]?.[inner]

      if (why == null) {
        it(`${outer} around ${inner} works`, () => {
          works(decorate([outer, inner]))
        })
      } else {
        it(`${outer} around ${inner} is refused, with why and what works`, () => {
          expect(() => decorate([outer, inner])).to.throw(`${outer} around ${inner}: ${why}; write `).with.property('name', 'InvalidOptionError')
        })
      }
    }
  }

  it('work in one order of any two, and not in both', () => {
    for (const [i, outer] of ORDER.entries()) {
      for (const inner of ORDER.slice(i + 1)) {
        expect(REFUSED[outer]?.[inner], `${outer} around ${inner}`).to.equal(undefined)
        expect(REFUSED[inner]?.[outer], `${inner} around ${outer}`).to.be.a('string')
      }
    }
  })

  for (const [name, strategy] of Object.entries(STRATEGIES)) {
    it(`work around ${name} in every combination that is in order`, () => {
      for (const names of subsets(ORDER)) {
        works(decorate(names, strategy()))
      }
    })
  }

  it('are refused whatever stands between them', () => {
    expect(() => decorate(['sticky', 'presence', 'tiers'])).to.throw(/presence around tiers/)
    expect(() => presence(boundedLoad(sticky(rendezvous())))).to.throw(/presence around bounded-load/)
    expect(() => boundedLoad(presence(sticky(boundedLoad(rendezvous()))))).to.throw(/sticky around bounded-load/)
    expect(() => boundedLoad(tiers(boundedLoad(rendezvous())))).to.throw(/bounded-load around tiers/)
  })

  it('are named in the order that works, each once', () => {
    expect(() => presence(boundedLoad(sticky(rendezvous())))).to.throw('write bounded-load(presence(sticky(…)))')
    expect(() => boundedLoad(boundedLoad(rendezvous()))).to.throw('write bounded-load(…)')

    for (const names of subsets(ORDER)) {
      const wrong = names.toReversed()
      const call = (): StrategyFactory => decorate(wrong)

      if (names.length > 1) {
        // the innermost two are refused first
        expect(call).to.throw(`write ${wrong.slice(-2).toReversed().join('(')}(…))`)
      }
    }
  })

  it('may be tiers within tiers by another label, but not by the same label', () => {
    works(tiers(tiers(rendezvous(), { label: 'zone' })))
    expect(() => tiers(boundedLoad(tiers(rendezvous())))).to.throw(/bounded-load around tiers/)
    expect(() => tiers(tiers(rendezvous()))).to.throw(/tiers around tiers/)
    expect(() => tiers(tiers(tiers(rendezvous()), { label: 'zone' }))).to.throw(/tiers around tiers/)
  })

  it('of an application hide the decorators inside them', () => {
    const mine = (inner: StrategyFactory): StrategyFactory => env => inner(env)
    works(boundedLoad(mine(tiers(rendezvous()))))
  })
})
