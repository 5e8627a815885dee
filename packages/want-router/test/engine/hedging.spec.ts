import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { Member, Outcome, StrategyFactory } from '../../src/strategies/strategy.ts'

const blocks = Array.from({ length: 200 }, (_, i) => testBlock(i))

function have (b: Bench, i: number): void {
  b.want('p', entry(blocks[i], { wantType: 'have' }))
}

/** Sixteen want-haves that a answers within 20 ms: that is then what is usual. */
function learned (limits = {}, members = ['a', 'b', 'c']): { b: Bench, outcomes: Outcome[], before: number } {
  const outcomes: Outcome[] = []

  const strategy: StrategyFactory = () => {
    let known: readonly Member[] = []

    return { update (next) { known = next }, rank: () => known, observe (outcome) { outcomes.push({ ...outcome }) } }
  }

  const b = bench({ members: members.map(id => ({ id })), limits, strategy })

  for (let i = 0; i < 16; i++) {
    have(b, i)
    b.pass(20)
    b.answer('a', blocks[i], 'have')
  }

  outcomes.length = 0

  return { b, outcomes, before: b.asks.length }
}

describe('engine: hedging of want-haves', () => {
  it('asks a second member when the first takes longer than usual, and takes the first answer', () => {
    const { b, outcomes } = learned()
    have(b, 100)
    b.pass(18)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a'])
    b.pass(10)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])
    expect(b.engine.status().totals.hedges).to.equal(1)

    b.take('p')
    b.answer('b', blocks[100], 'have')
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([true])
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
    expect(outcomes.map(({ member, result, hedge }) => ({ member, result, hedge }))).to.deep.equal([
      { member: 'b', result: 'have', hedge: true },
      { member: 'a', result: 'cancelled', hedge: false }
    ])
    expect(b.engine.status().members.map(({ load }) => load.wants)).to.deep.equal([0, 0, 0])
  })

  it('cancels the hedge when the first answers after all', () => {
    const { b, outcomes } = learned()
    have(b, 100)
    b.pass(30)
    b.answer('a', blocks[100], 'have')
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['b'])
    expect(outcomes.map(({ member, result }) => `${member} ${result}`)).to.deep.equal(['b cancelled', 'a have'])
  })

  it('continues with the hedge, and asks no other member, when the first says DONT_HAVE, fails or is lost', () => {
    for (const end of [
      (b: Bench) => { b.answer('a', blocks[100], 'dont-have') },
      (b: Bench) => { b.answer('a', blocks[100], 'failed') },
      (b: Bench) => {
        b.engine.put({ t: 'down', member: 'a' })
        b.flush()
      }
    ]) {
      const { b, outcomes } = learned()
      have(b, 100)
      b.pass(30)
      end(b)
      expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])
      b.take('p')
      b.answer('b', blocks[100], 'have')
      expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([true])
      expect(outcomes.at(-1)).to.include({ member: 'b', result: 'have', hedge: true })
    }
  })

  it('sends no DONT_HAVE before the member of the hedge has answered', () => {
    const { b } = learned({}, ['a', 'b'])
    have(b, 100)
    b.pass(30)
    b.take('p')
    b.answer('a', blocks[100], 'dont-have')
    expect(b.take('p').presences).to.be.empty()
    b.answer('b', blocks[100], 'dont-have')
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([false])
  })

  it('keeps the attempt when the hedge answers DONT_HAVE or is lost', () => {
    for (const end of [
      (b: Bench) => { b.answer('b', blocks[100], 'dont-have') },
      (b: Bench) => { b.answer('b', blocks[100], 'failed') },
      (b: Bench) => {
        b.engine.put({ t: 'down', member: 'b' })
        b.flush()
      }
    ]) {
      const { b } = learned()
      have(b, 100)
      b.pass(30)
      end(b)
      expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])
      expect(b.engine.status().members.map(({ load }) => load.wants)).to.deep.equal([1, 0, 0])
      b.take('p')
      b.answer('a', blocks[100], 'have')
      expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([true])
    }
  })

  it('cancels the hedge at a member that is ejected, and keeps the attempt', () => {
    const { b } = learned()
    have(b, 100)
    b.pass(30)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])

    for (let i = 110; i < 115; i++) {
      b.want('p', entry(blocks[i]))
      b.answer('a', blocks[i], 'dont-have')
      b.answer('b', blocks[i], 'failed')
    }

    expect(b.engine.status().members[1].state).to.equal('ejected')
    expect(b.cancels.filter(({ want }) => want.key === blocks[100].key).map(({ member }) => member)).to.deep.equal(['b'])
    expect(b.engine.status().members[1].load.wants).to.equal(0)
    b.take('p')
    b.answer('a', blocks[100], 'have')
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([true])
  })

  it('cancels the hedge at a member that begins to want the same block', () => {
    const { b } = learned()
    b.engine.put({ t: 'up', member: 'b', peer: 'B' })
    have(b, 100)
    b.pass(30)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])
    b.want('B', entry(blocks[100], { wantType: 'have' }))
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['b'])
  })

  it('cancels the hedge when a client wants the block itself, or when no client wants it any more', () => {
    const { b } = learned()
    have(b, 100)
    have(b, 101)
    b.pass(30)
    b.want('p', entry(blocks[100]))
    b.want('p', entry(blocks[101], { cancel: true }))
    expect(b.cancels.map(({ member, want }) => `${member} ${blocks.findIndex(({ key }) => key === want.key)}`))
      .to.have.members(['b 100', 'a 101', 'b 101'])
    expect(b.engine.status().members.map(({ load }) => load.wants)).to.deep.equal([1, 0, 0])
  })

  it('hedges no want-block', () => {
    const { b } = learned()
    b.want('p', entry(blocks[100]))
    b.pass(200)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a'])
  })

  it('stops at the retry budget', () => {
    const { b, before } = learned({ retryBudget: 0 })

    for (let i = 100; i < 200; i++) {
      have(b, i)
    }

    b.pass(200)
    // what had been saved up, and nothing from the budget
    expect(b.asks.length - before - 100).to.be.within(1, 20)
  })

  it('hedges its share of want-haves', () => {
    const { b } = learned()
    let hedged = 0
    const rounds = 4000

    for (let i = 0; i < rounds; i++) {
      // from 10 to 110 ms, evenly
      const ms = 10 + (i * 37) % 101
      const before = b.engine.status().totals.hedges
      have(b, 30)
      b.pass(ms)
      b.answer('a', blocks[30], 'have')
      b.want('p', entry(blocks[30], { cancel: true }))
      b.take('p')
      hedged += i < rounds / 2 ? 0 : b.engine.status().totals.hedges - before
    }

    expect(hedged / (rounds / 2)).to.be.closeTo(0.05, 0.02)
  })

  it('can be turned off', () => {
    const { b } = learned({ hedgeShare: 0 })
    have(b, 100)
    b.pass(200)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a'])
  })

  it('keeps asking for a HAVE when a hedge becomes the primary attempt and the client has no window for the block', () => {
    const KIB = 1024
    // the window has capacity for one block
    const { b } = learned({ expectedBlock: 64 * KIB, unsentPerClient: 96 * KIB, inFlightPerClient: 96 * KIB })
    b.take('p')
    have(b, 100)
    b.want('p', entry(blocks[99]))
    b.pass(30)
    expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])
    b.want('p', entry(blocks[100])) // for which the window has no capacity yet
    b.answer('a', blocks[100], 'failed')
    expect(b.askedFor(blocks[100])).to.deep.equal(['a', 'b'])

    b.answer('b', blocks[100], 'have')
    b.block('a', blocks[99])
    b.take('p')
    b.flush()
    expect(b.asks.filter(({ want }) => want.key === blocks[100].key).map(({ member, want }) => `${member} ${want.type}`))
      .to.deep.equal(['a have', 'b have', 'b block'])
    b.block('b', blocks[100])
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.engine.status().members.map(({ totals }) => totals.timeouts)).to.deep.equal([0, 0, 0])
  })

  it('asks for the block at once when a hedge becomes the primary attempt and the client has a window for the block', () => {
    const KIB = 1024
    const { b } = learned({ expectedBlock: 64 * KIB, unsentPerClient: 96 * KIB, inFlightPerClient: 96 * KIB })
    b.take('p')
    have(b, 100)
    b.want('p', entry(blocks[99]))
    b.pass(30)
    b.want('p', entry(blocks[100]))
    b.block('a', blocks[99])
    b.take('p')
    b.answer('a', blocks[100], 'failed')
    expect(b.asks.filter(({ want }) => want.key === blocks[100].key).map(({ member, want }) => `${member} ${want.type}`))
      .to.deep.equal(['a have', 'b have', 'b block'])
  })

  it('learns what is usual also after sixteen answers that took no time', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }] })

    const answer = (ms: number, i: number): void => {
      b.want('p', entry(blocks[i], { wantType: 'have' }))
      b.pass(ms)
      b.answer('a', blocks[i], 'have')
      b.want('p', entry(blocks[i], { cancel: true }))
      b.take('p')
    }

    for (let i = 0; i < 16; i++) {
      answer(0, i)
    }

    for (let i = 16; i < 200; i++) {
      answer(50, i)
    }

    // what is usual is 50 ms by now
    const before = b.engine.status().totals.hedges

    for (let i = 0; i < 200; i++) {
      answer(50, i)
    }

    expect(b.engine.status().totals.hedges - before).to.be.below(20)
  })
})
