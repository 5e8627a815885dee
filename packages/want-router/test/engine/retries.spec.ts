import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'

const blocks = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i))

/** p wants `count` blocks, and `a` fails each at once. Returns how many of them `b` is asked for at the same time. */
function retriedAtOnce (b: Bench, from: number, count: number): number {
  const wanted = blocks(from, count)
  b.want('p', ...wanted.map(block => entry(block)))

  for (const block of wanted) {
    b.answer('a', block, 'failed')
  }

  return wanted.filter(block => b.askedFor(block).includes('b')).length
}

describe('engine: the retry budget', () => {
  const limits = { ejectAfter: 1_000_000, retryBudget: 0.2 }

  it('is a share of the first tries, beside ten a second', () => {
    const b = bench({ limits })
    expect(retriedAtOnce(b, 0, 200)).to.be.within(10 + 0.2 * 200 - 1, 10 + 0.2 * 200)
  })

  it('is what the limits say', () => {
    expect(retriedAtOnce(bench({ limits: { ...limits, retryBudget: 0 } }), 0, 200)).to.equal(10)
    expect(retriedAtOnce(bench({ limits: { ...limits, retryBudget: 0.5 } }), 0, 150)).to.be.within(84, 85)
  })

  for (const [passed, saved] of [[0, 300], [60_000, 100]]) {
    it(`saves up a share of the traffic of the last ten seconds, or a hundred: ${saved} after ${passed / 1000} s`, () => {
      const b = bench({ limits })

      for (const block of blocks(0, 2000)) {
        b.want('p', entry(block))
        b.block('a', block)
        b.take('p')
      }

      b.pass(passed)
      expect(retriedAtOnce(b, 5000, 300)).to.equal(saved)
    })
  }

  it('is not spent on answers that are not failures', () => {
    const b = bench({ limits: { ...limits, retryBudget: 0 } })
    const wanted = blocks(0, 200)
    b.want('p', ...wanted.map(block => entry(block)))

    for (const block of wanted) {
      b.answer('a', block, block === wanted[0] ? 'unknown' : 'dont-have')
    }

    expect(wanted.filter(block => b.askedFor(block).includes('b'))).to.have.length(200)
  })
})

describe('engine: tries', () => {
  const six = Array.from({ length: 6 }, (_, i) => ({ id: `m${i + 1}` }))
  const block = testBlock(1)

  it('are only failures: a want that no member has is asked of all of them, and then gets DONT_HAVE', () => {
    const b = bench({ members: six })
    b.want('p', entry(block))

    for (const { id } of six) {
      expect(b.take('p').presences).to.be.empty()
      b.answer(id, block, 'dont-have')
    }

    expect(b.askedFor(block)).to.deep.equal(six.map(({ id }) => id))
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([false])
  })

  it('are counted apart from answers: after three DONT_HAVEs, one failure is still one', () => {
    const b = bench({ members: six })
    b.want('p', entry(block))

    for (const id of ['m1', 'm2', 'm3']) {
      b.answer(id, block, 'dont-have')
    }

    b.answer('m4', block, 'failed')
    expect(b.askedFor(block)).to.deep.equal(['m1', 'm2', 'm3', 'm4', 'm5'])
  })
})

describe('engine: a want that timed out', () => {
  const block = testBlock(1)

  it('is cancelled at a member that keeps no standing wants, and at no other', () => {
    for (const listed of [0, 1]) {
      const b = bench({ up: false })
      b.engine.put({ t: 'up', member: 'a', capacity: { standing: listed } })
      b.engine.put({ t: 'up', member: 'b' })
      b.want('p', entry(block))
      b.pass(3500)
      expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
      expect(b.cancels.map(({ member }) => member)).to.deep.equal(listed === 0 ? ['a'] : [])
    }
  })
})

describe('engine: asking again', () => {
  it('wants that failed everywhere are not all asked again at once', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { tries: 1, ejectAfter: 1_000_000, wantsPerMember: 100_000, expectedBlock: 16 } })
    const wanted = ['p', 'q', 'r', 's'].flatMap((peer, n) => {
      const mine = blocks(1024 * n, 1024)
      b.want(peer, ...mine.map(block => entry(block)))

      return mine
    })
    expect(b.asks).to.have.length(wanted.length)

    for (const block of wanted) {
      b.answer('a', block, 'failed')
    }

    const again: number[] = []

    for (let sweep = 0; sweep < 120; sweep++) {
      const before = b.asks.length
      b.pass(500)
      again.push(b.asks.length - before)
    }

    expect(Math.max(...again)).to.be.within(100, 600)
    expect(new Set(b.asks.slice(wanted.length).map(({ want }) => want.key)).size, 'asked again').to.equal(wanted.length)
  })

  it('starts again with short waits, once a member had it', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { tries: 1 } })
    const block = testBlock(1)
    b.want('p', entry(block, { wantType: 'have' }))

    for (let failures = 0; failures < 5; failures++) {
      b.answer('a', block, 'failed')
      const before = b.asks.length

      while (b.asks.length === before) {
        b.pass(500)
      }
    }

    b.answer('a', block, 'have')
    b.want('p', entry(block))
    b.answer('a', block, 'failed')
    const before = b.asks.length
    b.pass(3500)
    expect(b.asks.length).to.equal(before + 1)
  })
})

describe('engine: members that are down', () => {
  const block = testBlock(1)

  it('keep a DONT_HAVE from being sent until they have been down for a minute', () => {
    const b = bench({ limits: { askAgainAfter: 500_000 } })
    b.engine.put({ t: 'down', member: 'b' })
    b.flush()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.pass(59_000)
    expect(b.take('p').presences).to.be.empty()
    b.pass(2500)
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([false])
  })

  it('get no cancel of a want that ends, nor when they come back', () => {
    const b = bench()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.engine.put({ t: 'down', member: 'a' })
    b.flush()
    b.engine.put({ t: 'up', member: 'a' })
    b.flush()
    b.block('b', block)
    expect(b.cancels).to.be.empty()

    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.engine.put({ t: 'down', member: 'a' })
    b.flush()
    b.want('p', entry(block, { cancel: true }))
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['b'])
  })
})
