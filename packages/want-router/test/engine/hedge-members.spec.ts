import { expect } from 'aegir/chai'
import { bench, entry, inOrder, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { Outcome } from '../../src/strategies/strategy.ts'

const wanted = testBlock(1000)
const other = testBlock(2000)

interface Learned { readonly b: Bench, readonly outcomes: Outcome[], avoid (id: string): void }

/** Sixteen want-haves that `a` answers within 20 ms, so that one which takes longer is hedged. */
function learned (members: readonly string[]): Learned {
  const outcomes: Outcome[] = []
  const avoided = new Set<string>()
  const b = bench({
    members: members.map(id => ({ id })),
    strategy: env => ({ ...inOrder(env), avoids: id => avoided.has(id), observe (outcome) { outcomes.push({ ...outcome }) } })
  })

  for (let i = 0; i < 16; i++) {
    b.want('p', entry(testBlock(i), { wantType: 'have' }))
    b.pass(20)
    b.answer('a', testBlock(i), 'have')
  }

  outcomes.length = 0

  return { b, outcomes, avoid (id) { avoided.add(id) } }
}

/** Has `b` asked for another block, about which it says nothing. */
function askB (b: Bench): void {
  b.want('q', entry(other))
  b.answer('a', other, 'dont-have')
  expect(b.askedFor(other)).to.deep.equal(['a', 'b'])
}

describe('engine: the member of a hedge', () => {
  for (const [what, make] of Object.entries<(learned: Learned) => void>({
    'has stalled': ({ b }) => {
      askB(b)
      b.pass(300)
    },
    'is ejected': ({ b }) => {
      for (let i = 0; i < 20; i++) {
        b.block('b', testBlock(5000 + i))
      }

      expect(b.engine.status().members[1].state).to.equal('ejected')
    },
    'is full': ({ b }) => {
      b.engine.put({ t: 'up', member: 'b', capacity: { wants: 1 } })
      askB(b)
    },
    'is down': ({ b }) => {
      b.engine.put({ t: 'down', member: 'b' })
      b.flush()
    },
    'is avoided by the strategy': ({ avoid }) => { avoid('b') }
  })) {
    it(`is not one that ${what}, but the next one, or there is no hedge`, () => {
      for (const members of [['a', 'b'], ['a', 'b', 'c']]) {
        const l = learned(members)
        make(l)
        l.b.want('p', entry(wanted, { wantType: 'have' }))
        l.b.pass(100)
        expect(l.b.askedFor(wanted)).to.deep.equal(members.filter(id => id !== 'b'))
      }
    })
  }

  it('is the second if nothing is wrong with it', () => {
    const { b } = learned(['a', 'b', 'c'])
    b.want('p', entry(wanted, { wantType: 'have' }))
    b.pass(100)
    expect(b.askedFor(wanted)).to.deep.equal(['a', 'b'])
  })

  it('has its latency measured from when it was asked', () => {
    for (const goesOn of [false, true]) {
      const { b, outcomes } = learned(['a', 'b'])
      b.want('p', entry(wanted, { wantType: 'have' }))
      const start = b.now

      while (b.askedFor(wanted).length < 2) {
        b.pass(1)
      }

      const hedged = b.now - start
      expect(hedged).to.be.within(20, 40)

      if (goesOn) {
        b.answer('a', wanted, 'dont-have')
      }

      b.pass(7)
      b.answer('b', wanted, 'have')
      expect(outcomes.find(({ member }) => member === 'b')).to.deep.include({ result: 'have', ms: 7, hedge: true })
      expect(outcomes.find(({ member }) => member === 'a')?.ms).to.equal(goesOn ? hedged : hedged + 7)
      expect(b.engine.status().members[1].latency).to.equal(7)
    }
  })

  it('has its whole timeout from when the hedge becomes the primary attempt', () => {
    const { b } = learned(['a', 'b', 'c'])
    b.want('p', entry(wanted, { wantType: 'have' }))
    b.pass(900)
    expect(b.askedFor(wanted)).to.deep.equal(['a', 'b'])
    b.answer('a', wanted, 'dont-have')
    const timeouts = (): number => b.engine.status().members[1].totals.timeouts
    // the first timeout of a member of which nothing is known is 3 s
    b.pass(2900)
    expect(timeouts()).to.equal(0)
    b.pass(200)
    expect(timeouts()).to.equal(1)
  })

  it('does not change what is usual: only want-haves without a hedge count', () => {
    const { b } = learned(['a', 'b'])

    for (let i = 100; i < 110; i++) {
      b.want('p', entry(testBlock(i), { wantType: 'have' }))
      b.pass(500)
      b.answer('a', testBlock(i), 'have')
      b.want('p', entry(testBlock(i), { cancel: true }))
    }

    b.want('p', entry(wanted, { wantType: 'have' }))
    b.pass(40)
    expect(b.askedFor(wanted)).to.deep.equal(['a', 'b'])
  })
})
