import { expect } from 'aegir/chai'
import { createAskBudget } from '../../src/engine/budgets.ts'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'

const blocks = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i, 8))

describe('engine: failed wants are asked again in rounds', () => {
  const limits = { expectedBlock: 16, wantsPerMember: 1_000_000, tries: 1, ejectAfter: 1_000_000 }
  const last = testBlock(1_000_000, 8)

  /** Forty clients want two hundred blocks each, then another client wants a single block; the only member fails everything. */
  function allFailed (): Bench {
    const b = bench({ members: [{ id: 'a' }], limits })

    for (let n = 0; n < 40; n++) {
      b.engine.put({ t: 'message', client: `p${n}`, wants: blocks(200 * n, 200).map(block => entry(block)), full: false })
    }

    b.flush()
    b.want('last', entry(last))
    expect(b.asks).to.have.length(8001)

    for (const { want } of b.asks) {
      b.engine.put({ t: 'answer', member: 'a', key: want.key, answer: 'failed' })
    }

    b.flush()

    return b
  }

  it('so that a client with many of them does not delay another', () => {
    const b = allFailed()
    const start = b.now

    while (b.askedFor(last).length < 2) {
      b.pass(100)
    }

    expect(b.now - start).to.be.within(2000, 5000)
    expect(b.asks.length).to.be.below(8001 + 2000)
  })

  it('and clients with equally many are served equally', () => {
    const b = allFailed()
    b.pass(10_000)
    const again = new Map<string, number>()

    for (const { want } of b.asks.slice(8001)) {
      again.set(want.session, (again.get(want.session) ?? 0) + 1)
    }

    again.delete('last')
    expect(again.size).to.equal(40)
    expect(Math.max(...again.values()) - Math.min(...again.values())).to.be.at.most(16)
  })
})

describe('engine: a client that keeps asking', () => {
  it('has failed members asked again, not only those that said DONT_HAVE', () => {
    const b = bench({ limits: { ejectAfter: 1_000_000, absenceLifetime: 500 } })
    const block = testBlock(1)
    b.put({ t: 'up', member: 'a', capacity: { standing: 0 } })
    b.put({ t: 'up', member: 'b', capacity: { standing: 0 } })
    b.want('p', entry(block))
    b.answer('a', block, 'failed')
    b.pass(200)
    b.answer('b', block, 'dont-have')

    for (let n = 0; n < 10; n++) {
      b.pass(1000) // sooner each time than the engine asks again
      b.want('p', entry(block))
      b.answer('b', block, 'dont-have')
    }

    expect(b.askedFor(block).slice(2)).to.include('a')
  })

  it('has a failed want asked again at most once a second', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { ejectAfter: 1_000_000, tries: 1, absenceLifetime: 0 } })
    const block = testBlock(1)
    b.want('p', entry(block))
    b.answer('a', block, 'failed')

    for (let n = 0; n < 9; n++) {
      b.pass(100)
      b.want('p', entry(block))
    }

    expect(b.askedFor(block)).to.have.lengthOf(1)
    b.pass(100)
    b.want('p', entry(block))
    expect(b.askedFor(block)).to.have.lengthOf(2)
  })
})

describe('engine: the budget for asking again', () => {
  function spent (budget: ReturnType<typeof createAskBudget>, now: number): number {
    let count = 0

    while (budget.spend(now)) {
      count++
    }

    return count
  }

  it('is 256 a second if there is little traffic', () => {
    const budget = createAskBudget(0)
    expect(spent(budget, 0)).to.equal(256)
    expect(spent(budget, 500)).to.equal(128)
    expect(spent(budget, 60_000)).to.equal(256)
  })

  it('is a tenth of the traffic of the last seconds, if that is more', () => {
    const budget = createAskBudget(0)

    for (let ms = 0; ms < 60_000; ms++) {
      for (let n = 0; n < 20; n++) {
        budget.asked(ms)
      }
    }

    spent(budget, 60_000)
    expect(spent(budget, 60_500)).to.be.within(900, 1100)
    spent(budget, 160_000)
    expect(spent(budget, 160_500)).to.equal(128)
  })

  it('says when it pays for more', () => {
    const budget = createAskBudget(0)
    expect(budget.nextAt(0)).to.be.at.most(0)
    spent(budget, 0)
    const next = budget.nextAt(0)
    expect(next).to.be.within(4, 100)
    expect(spent(budget, next)).to.be.above(0)
  })
})
