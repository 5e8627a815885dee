import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

describe('engine: how long a client has been idle', () => {
  const block = testBlock(1)
  let b: Bench

  beforeEach(() => {
    b = bench({})
  })

  it('is for ever if it has never asked', () => {
    expect(b.engine.idleFor('p')).to.equal(Infinity)
  })

  it('is undefined while it has an open want or an unsent reply', () => {
    b.want('p', entry(block))
    b.pass(100)
    expect(b.engine.idleFor('p')).to.equal(undefined)

    b.block('a', block)
    b.pass(100)
    expect(b.engine.idleFor('p')).to.equal(undefined)
  })

  it('counts from when it took what it wanted', () => {
    b.want('p', entry(block))
    b.block('a', block)
    b.take('p')
    b.pass(5_000)
    expect(b.engine.idleFor('p')).to.equal(5_000)
  })

  it('counts from when it took a DONT_HAVE for what it wants', () => {
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    b.take('p')
    b.pass(5_000)
    expect(b.engine.idleFor('p')).to.equal(5_000)
  })

  it('counts from its last message, even if that was a cancel', () => {
    b.want('p', entry(block))
    b.block('a', block)
    b.take('p')
    b.pass(5_000)
    b.want('p', entry(block, { cancel: true }))
    b.pass(100)
    expect(b.engine.idleFor('p')).to.equal(100)
  })
})
