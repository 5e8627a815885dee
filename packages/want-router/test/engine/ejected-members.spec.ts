import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

const block = testBlock(1)

/** The wants open at each member. */
function load (b: Bench): number[] {
  return b.engine.status().members.map(({ load }) => load.wants)
}

/** Connects only these members. */
function connect (b: Bench, ...ids: string[]): void {
  for (const { id, state } of b.engine.status().members) {
    if ((state === 'down') === ids.includes(id)) {
      b.engine.put({ t: ids.includes(id) ? 'up' : 'down', member: id })
    }
  }

  b.flush()
}

describe('engine: members that are ejected', () => {
  it('are not asked just because healthy members are busy, even if another ejected one holds the block and is busy, too', () => {
    const b = bench({ members: ['a', 'b', 'c'].map(id => ({ id })), limits: { wantsPerMember: 1, ejectAfter: 1, panic: 0, ejection: 3_600_000, maxEjection: 3_600_000 } })

    for (const id of ['a', 'b']) {
      b.want('x', entry(testBlock(2)))
      b.answer(id, testBlock(2), 'failed')
      b.want('x', entry(testBlock(2), { cancel: true }))
    }

    expect(b.engine.status().members.map(({ state }) => state)).to.deep.equal(['ejected', 'ejected', 'up'])

    connect(b, 'a')
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer('a', block, 'have')
    b.want('p', entry(testBlock(3)))
    connect(b, 'a', 'b', 'c')
    b.want('p', entry(testBlock(4)))
    expect(load(b)).to.deep.equal([1, 0, 1], 'the holder and the healthy one are busy')
    b.want('q', entry(block))
    expect(load(b)).to.deep.equal([1, 0, 1])
  })

  it('keep no want from a healthy member that is ranked after them, even if most members are ejected', () => {
    const b = bench({ members: ['a', 'b', 'c'].map(id => ({ id })), limits: { wantsPerMember: 1, ejectAfter: 1, panic: 0.7 } })
    connect(b, 'b', 'c')
    b.want('x', entry(testBlock(2)))
    b.answer('b', testBlock(2), 'failed')
    b.want('x', entry(testBlock(2), { cancel: true }))
    connect(b, 'a', 'b', 'c')
    b.want('p', entry(testBlock(3)), entry(testBlock(4)))
    expect(load(b)).to.deep.equal([1, 0, 1])
  })

  it('by an answer: the answer does not count, and another member is asked once', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], up: false })
    b.put({ t: 'up', member: 'a' })

    for (let n = 100; n < 120; n++) {
      b.answer('a', testBlock(n), 'have') // unsolicited, but it is the last healthy member
    }

    b.want('p', entry(block))
    b.put({ t: 'up', member: 'b' })
    b.answer('a', block, 'dont-have')
    expect(b.engine.status().members.map(({ state, load }) => `${state} ${load.wants}`)).to.deep.equal(['ejected 0', 'up 1'])
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })
})
