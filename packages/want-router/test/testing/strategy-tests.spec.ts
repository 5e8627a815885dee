import { expect } from 'aegir/chai'
import { rendezvous } from '../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../src/strategies/algorithms/round-robin.ts'
import { delegateTo } from '../../src/strategies/delegate.ts'
import { LawBrokenError } from '../../src/testing/index.ts'
import { strategyLaws, strategyTests } from '../../src/testing/strategy-tests.ts'
import { BROKEN } from './broken-strategies.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'
import type { StrategyLaw, StrategyTestsInit } from '../../src/testing/strategy-tests.ts'

/** The message of the law; undefined if the strategy keeps it. */
function verdict (law: StrategyLaw, factory: StrategyFactory, init?: StrategyTestsInit): string | undefined {
  try {
    void strategyLaws(factory, init).find(({ id }) => id === law)?.check()
  } catch (err) {
    expect(err).to.be.an.instanceOf(LawBrokenError)

    return (err as Error).message
  }
}

describe('strategyLaws', () => {
  it('are kept by a good strategy', function () {
    this.timeout(20_000)

    for (const { id } of strategyLaws(rendezvous())) {
      expect(verdict(id, rendezvous())).to.equal(undefined)
    }
  })

  it('are each broken by a strategy of the list', () => {
    expect(new Set(BROKEN.map(({ law }) => law))).to.deep.equal(new Set(strategyLaws(rendezvous(), { wrap: inner => inner }).map(({ id }) => id)))
  })

  for (const { law, what, says, make, wrap } of BROKEN) {
    it(`${law} catches a strategy that ${what}`, () => {
      expect(verdict(law, make(), { wrap })).to.match(says)
    })
  }

  it('check what a strategy passes on only if it wraps another', () => {
    expect(strategyLaws(rendezvous()).map(({ id }) => id)).to.not.include('forwards')
    expect(verdict('forwards', rendezvous(), { wrap: inner => env => delegateTo(inner(env)) })).to.equal(undefined)
  })

  it('say how to repeat a failure', () => {
    const { law, make } = BROKEN[0]
    const message = verdict(law, make())
    const [, seed] = /Repeat it with { seed: (\d+), runs: 1 }$/.exec(message ?? '') ?? []

    expect(verdict(law, make(), { seed: Number(seed), runs: 1 })).to.equal(message)
  })
})

/** A runner that records what it is given. */
function recordingRunner (): { test: StrategyTestsInit['test'], titles: string[], run (title: string): void } {
  const titles: string[] = []
  const bodies = new Map<string, () => void | Promise<void>>()

  const it = (title: string, body: () => void | Promise<void>): void => {
    titles.push(title)
    bodies.set(title, body)
  }

  return {
    titles,
    run (title) { void bodies.get(title)?.() },
    test: {
      describe (title, body) {
        titles.push(title)
        body()
      },
      it: Object.assign(it, { skip: (title: string) => { titles.push(`- ${title}`) } })
    }
  }
}

describe('strategyTests', () => {
  it('gives the test runner each law, and the reason for each that is skipped', () => {
    const { test, titles } = recordingRunner()
    strategyTests(roundRobin(), { test, name: 'mine', laws: { 'input-order': 'begins anywhere', lazy: false, subset: true } })

    expect(titles).to.have.lengthOf(1 + strategyLaws(roundRobin()).length)
    expect(titles[0]).to.equal('mine')
    expect(titles).to.include('subset: ranks only members that it was given, each at most once')
    expect(titles).to.include('- input-order: ranks the same in every order of the members, and for all random numbers (skipped: begins anywhere)')
    expect(titles).to.include('- lazy: does nothing for a ranking before it is consumed (skipped: does not apply)')
  })

  it('fails the test of a law that is broken', () => {
    const { law, make } = BROKEN[0]
    const { test, titles, run } = recordingRunner()
    strategyTests(make(), { test })

    for (const title of titles.slice(1)) {
      if (title.startsWith(`${law}:`)) {
        expect(() => { run(title) }).to.throw(LawBrokenError)
      }
    }
  })
})
