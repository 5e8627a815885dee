import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

describe('engine: who is idle', () => {
  const block = testBlock(1)
  let b: Bench

  beforeEach(() => {
    b = bench({})
  })

  it('is a client that has never asked', () => {
    expect(b.engine.idleFor('p')).to.equal(Infinity)
  })

  it('is none that has a want on its way, or a reply that waits', () => {
    b.want('p', entry(block))
    b.pass(100)
    expect(b.engine.idleFor('p')).to.equal(undefined)

    b.block('a', block)
    b.pass(100)
    expect(b.engine.idleFor('p')).to.equal(undefined)
  })

  it('is one that has taken what it wanted, since then', () => {
    b.want('p', entry(block))
    b.block('a', block)
    b.take('p')
    b.pass(5_000)
    expect(b.engine.idleFor('p')).to.equal(5_000)
  })

  it('is one that wants only what no member has, since it was told', () => {
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    b.take('p')
    b.pass(5_000)
    expect(b.engine.idleFor('p')).to.equal(5_000)
  })

  it('is one that has said something since then, even if it was a cancel', () => {
    b.want('p', entry(block))
    b.block('a', block)
    b.take('p')
    b.pass(5_000)
    b.want('p', entry(block, { cancel: true }))
    b.pass(100)
    expect(b.engine.idleFor('p')).to.equal(100)
  })
})
