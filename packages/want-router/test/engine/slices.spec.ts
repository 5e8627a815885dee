import { expect } from 'aegir/chai'
import { bench, entry, inOrder, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'
import type { TargetWant } from '../../src/targets/target.ts'

const blocks = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i, 8))
const limits = { expectedBlock: 16, wantsPerMember: 1_000_000, tries: 1, ejectAfter: 1_000_000 }

interface Work { readonly rankings: number, readonly asks: number }

/** A bench that counts the rankings that it asks its strategy for. */
function counted (members: readonly string[]): { b: Bench, flushes (): Work[] } {
  let rankings = 0

  const strategy: StrategyFactory = env => {
    const inner = inOrder(env)

    return {
      update: inner.update,
      rank (want) {
        rankings++

        return inner.rank(want)
      }
    }
  }

  const b = bench({ members: members.map(id => ({ id })), strategy, limits })

  return {
    b,
    // one flush after another, until there is nothing more to do
    flushes () {
      const work: Work[] = []

      do {
        let asks = 0
        const before = rankings
        b.engine.flush({
          ask (member, wants) {
            asks += wants.length
            b.asks.push(...wants.map(want => ({ member, want })))
          },
          cancel () {},
          ready () {},
          close () {},
          reset () {}
        })
        work.push({ rankings: rankings - before, asks })
      } while (b.engine.dirty && work.length < 1000)

      return work
    }
  }
}

/** Five clients want a thousand blocks each; nothing is flushed. */
function wantMuch (b: Bench): TestBlock[] {
  return ['p', 'q', 'r', 's', 't'].flatMap((client, n) => {
    const wanted = blocks(1000 * n, 1000)
    b.engine.put({ t: 'message', client, wants: wanted.map(block => entry(block)), full: false })

    return wanted
  })
}

/** The same, and `a` has none of the blocks. */
function missMuch (b: Bench, flushes: () => Work[]): void {
  const wanted = wantMuch(b)
  flushes()

  for (const { key } of wanted) {
    b.engine.put({ t: 'answer', member: 'a', key, answer: 'dont-have' })
  }

  flushes()
}

const sum = (work: readonly Work[]): number => work.reduce((sum, { asks }) => sum + asks, 0)
const most = (work: readonly Work[], what: keyof Work): number => Math.max(...work.map(work => work[what]))

describe('engine: a flush does a bounded amount of work, and the next one continues', () => {
  it('with new wants of clients', () => {
    const { b, flushes } = counted(['a', 'b'])
    wantMuch(b)
    const work = flushes()
    expect(most(work, 'rankings')).to.be.within(1000, 2000)
    expect(sum(work)).to.equal(5000)
  })

  it('with fetches that a lost member had open', () => {
    const { b, flushes } = counted(['a', 'b'])
    wantMuch(b)
    flushes()
    b.engine.put({ t: 'down', member: 'a' })
    const work = flushes()
    expect(most(work, 'rankings')).to.be.within(1000, 2000)
    expect(sum(work)).to.equal(5000)
  })

  it('with exhausted fetches when a member comes up', () => {
    const { b, flushes } = counted(['a', 'b'])
    b.engine.put({ t: 'down', member: 'b' })
    missMuch(b, flushes)
    expect(b.engine.status().active).to.equal(0)

    b.engine.put({ t: 'up', member: 'b' })
    const work = flushes()
    expect(most(work, 'asks')).to.be.within(500, 1000)
    expect(sum(work)).to.equal(5000)
    expect(b.asks.slice(-5000).every(({ member }) => member === 'b')).to.equal(true)
  })

  it('with exhausted fetches when a member joins', () => {
    const { b, flushes } = counted(['a'])
    missMuch(b, flushes)

    b.engine.put({ t: 'add', member: 'b' })
    b.engine.put({ t: 'up', member: 'b' })
    const work = flushes()
    expect(most(work, 'asks')).to.be.within(500, 1000)
    expect(sum(work)).to.equal(5000)
  })

  it('with DONT_HAVEs that are due when a member has been down for a minute', () => {
    const { b, flushes } = counted(['a', 'b'])
    b.engine.put({ t: 'down', member: 'b' })
    missMuch(b, flushes)
    const denied = (): number => b.engine.status().totals.dontHavesSent
    expect(denied()).to.equal(0)

    b.now += 61_000
    b.engine.put({ t: 'tick' })
    let before = 0
    let largest = 0
    const again: TargetWant[] = []

    do {
      b.engine.flush({ ask (_, wants) { again.push(...wants) }, cancel () {}, ready () {}, close () {}, reset () {} })
      largest = Math.max(largest, denied() - before)
      before = denied()
    } while (b.engine.dirty)

    expect(largest).to.be.within(500, 1000)

    // some were asked again instead
    for (const { key } of again) {
      b.engine.put({ t: 'answer', member: 'a', key, answer: 'dont-have' })
    }

    flushes()
    expect(denied()).to.equal(5000)
  })

  it('and the status has the most rankings of a flush, and the most wants of a client between two', () => {
    const { b, flushes } = counted(['a', 'b'])
    expect(b.engine.status().peaks).to.deep.equal({ rankings: 0, wants: 0 })
    wantMuch(b)
    const work = flushes()
    expect(b.engine.status().peaks).to.deep.equal({ rankings: most(work, 'rankings'), wants: 1000 })

    const message = (client: string, from: number, count: number): void => {
      b.engine.put({ t: 'message', client, wants: blocks(from, count).map(block => entry(block)), full: false })
    }

    message('u', 5000, 800)
    message('v', 6000, 700)
    message('u', 5800, 224)
    expect(b.engine.status().peaks.wants, 'of one client, in several messages').to.equal(1024)
    flushes()
    message('v', 6700, 324)
    message('v', 7000, 300)
    expect(b.engine.status().peaks, 'what came before a flush does not count after it').to.deep.equal({ rankings: most(work, 'rankings'), wants: 1024 })
  })
})
