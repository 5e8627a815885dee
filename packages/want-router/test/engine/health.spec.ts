import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

let next = 100_000

/** Has a member ejected, for unsolicited blocks. */
function eject (b: Bench, id: string): void {
  for (let i = 0; i < 20; i++) {
    b.block(id, testBlock(next++))
  }

  expect(stateOf(b, id), `${id} is ejected`).to.equal('ejected')
}

function stateOf (b: Bench, id: string): string | undefined {
  return b.engine.status().members.find(member => member.id === id)?.state
}

/** How long it takes until a member is up, s. */
function secondsUntilUp (b: Bench, id: string): number {
  const start = b.now

  while (stateOf(b, id) !== 'up') {
    b.pass(500)
  }

  return (b.now - start) / 1000
}

/** A want that the first member answers so, and that then ends. */
function served (b: Bench, member: string, what: 'block' | 'have' | 'dont-have' | 'failed' | 'unknown'): void {
  const block = testBlock(next++)
  b.want('p', entry(block, { wantType: what === 'have' ? 'have' : 'block' }))
  expect(b.askedFor(block)[0]).to.equal(member)

  if (what === 'block') {
    b.block(member, block)
  } else {
    b.answer(member, block, what)
  }

  b.want('p', entry(block, { cancel: true }))
  b.take('p')
}

describe('engine: panic', () => {
  const four = ['a', 'b', 'c', 'd'].map(id => ({ id }))

  /** The member that a new want is asked of first. */
  function firstAsked (b: Bench): string {
    const block = testBlock(next++)
    b.want('p', entry(block))

    return b.askedFor(block)[0]
  }

  it('with less than half of the members healthy, health is ignored; with half of them it is not', () => {
    const b = bench({ members: four })
    expect(firstAsked(b)).to.equal('a')
    eject(b, 'a')
    eject(b, 'b')
    expect(firstAsked(b), 'two of four are healthy').to.equal('c')
    eject(b, 'c')
    expect(firstAsked(b), 'one of four is healthy').to.equal('a')
  })

  it('members that are down are not counted', () => {
    const b = bench({ members: four })
    b.engine.put({ t: 'down', member: 'c' })
    b.engine.put({ t: 'down', member: 'd' })
    b.flush()
    eject(b, 'a')
    expect(firstAsked(b), 'one of two is healthy').to.equal('b')
  })

  it('the share of healthy members can be set', () => {
    const never = bench({ members: four, limits: { panic: 0 } })

    for (const id of ['a', 'b', 'c']) {
      eject(never, id)
    }

    expect(firstAsked(never)).to.equal('d')
    const early = bench({ members: four, limits: { panic: 0.8 } })
    eject(early, 'a')
    expect(firstAsked(early)).to.equal('a')
  })
})

describe('engine: how long a member is ejected', () => {
  const limits = { ejection: 30_000, maxEjection: 100_000, slowStart: 10_000 }

  it('n times as long the n-th time, but no longer than the limit', () => {
    const b = bench({ limits })

    for (const seconds of [30, 60, 90, 100, 100]) {
      eject(b, 'a')
      expect(secondsUntilUp(b, 'a')).to.be.within(seconds, seconds + 1.5)
    }
  })

  /** A bench in which `a` has been ejected twice, 30 s and 60 s, and has just come back. */
  function ejectedTwice (): Bench {
    const b = bench({ limits })
    eject(b, 'a')
    secondsUntilUp(b, 'a')
    eject(b, 'a')
    secondsUntilUp(b, 'a')

    return b
  }

  it('one ejection is forgotten when a member has worked for as long as the last ejection lasted', () => {
    const b = ejectedTwice()
    b.pass(61_000)
    served(b, 'a', 'block')
    eject(b, 'a')
    expect(secondsUntilUp(b, 'a')).to.be.within(60, 61.5)
  })

  it('and all of them in time, without a change of its weight', () => {
    const b = ejectedTwice()

    for (let minute = 0; minute < 3; minute++) {
      b.pass(61_000)
      served(b, 'a', 'block')
      expect(b.engine.status().members[0].weight).to.equal(1)
    }

    eject(b, 'a')
    expect(secondsUntilUp(b, 'a')).to.be.within(30, 31.5)
  })

  it('none is forgotten sooner', () => {
    const b = ejectedTwice()
    b.pass(45_000)
    served(b, 'a', 'block')
    eject(b, 'a')
    expect(secondsUntilUp(b, 'a')).to.be.within(90, 91.5)
  })
})

describe('engine: consecutive failures', () => {
  for (const answer of ['block', 'have', 'dont-have'] as const) {
    it(`eject a member, but not if it answers with ${answer} in between`, () => {
      const b = bench()

      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 4; i++) {
          served(b, 'a', 'failed')
        }

        served(b, 'a', answer)
      }

      expect(stateOf(b, 'a')).to.equal('up')

      for (let i = 0; i < 5; i++) {
        served(b, 'a', 'failed')
      }

      expect(stateOf(b, 'a')).to.equal('ejected')
    })
  }

  it('are not interrupted by an answer that says nothing about health', () => {
    const b = bench()

    for (let i = 0; i < 4; i++) {
      served(b, 'a', 'failed')
    }

    served(b, 'a', 'unknown')
    served(b, 'a', 'failed')
    expect(stateOf(b, 'a')).to.equal('ejected')
  })
})

describe('engine: a member that returns from an ejection', () => {
  it('is asked at once for what is exhausted', () => {
    const b = bench()
    const block = testBlock(1)
    b.want('p', entry(block))
    let heard = 0

    /** Each member that is asked cannot tell. */
    const pass = (ms: number): void => {
      for (const end = b.now + ms; b.now < end; b.pass(250)) {
        for (; heard < b.asks.length; heard++) {
          b.answer(b.asks[heard].member, block, 'unknown')
        }
      }
    }

    // waits that grow: 2, 4, 8, 16 and 30 s
    pass(5000)
    eject(b, 'a')
    pass(29_000)
    expect(stateOf(b, 'a')).to.equal('ejected')
    const before = b.askedFor(block).length
    pass(2000)
    expect(stateOf(b, 'a')).to.equal('up')
    expect(b.askedFor(block).length).to.be.above(before)
  })
})

describe('engine: blocks that arrive after their want has ended', () => {
  it('do not count against a member if they are among the last 2,048 that it was asked for', () => {
    const b = bench()
    const blocks = Array.from({ length: 3000 }, (_, i) => testBlock(i, 8))

    for (const block of blocks) {
      b.want('p', entry(block))
      b.want('p', entry(block, { cancel: true }))
    }

    for (const block of blocks.slice(-2048)) {
      b.block('a', block)
    }

    expect(b.engine.status().members[0]).to.include({ state: 'up' })
    expect(b.engine.status().members[0].totals.unsolicited).to.equal(0)
  })

  it('are unsolicited when the member has been asked for twice as many since', () => {
    const b = bench()

    for (let i = 0; i < 5000; i++) {
      b.want('p', entry(testBlock(i, 8)))
      b.want('p', entry(testBlock(i, 8), { cancel: true }))
    }

    b.block('a', testBlock(0, 8))
    expect(b.engine.status().members[0].totals.unsolicited).to.equal(1)
  })
})
