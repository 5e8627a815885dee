import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { Verdict } from '../../src/policies/policy.ts'

const block = testBlock(1)
const only = (...members: string[]): Verdict => ({ only: members })

describe('engine: a verdict of a restricted want is reviewed', () => {
  /** p may use only a, which has been asked. */
  const restricted = (type: 'have' | 'block' = 'block', verdict: Verdict = only('a')): Bench => {
    const b = bench({ admission: true, members: [{ id: 'a' }, { id: 'b' }] })
    b.want('p', entry(block, { wantType: type }))
    b.verdict(verdict)
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.engine.put({ t: 'review' })
    b.flush()

    return b
  }

  const cancelled = (b: Bench): string[] => b.cancels.map(({ member }) => member)

  it('and the old verdict holds until then', () => {
    const b = restricted()

    expect(b.asked.map(({ type, review }) => [type, review])).to.deep.equal([['block', undefined], ['block', true]])
    expect([b.askedFor(block), cancelled(b)]).to.deep.equal([['a'], []])
    b.engine.checkInvariants()
    b.block('a', block)
    expect(b.take('p').blocks).to.have.lengthOf(1)
    b.verdict(only('b'))
    expect(b.askedFor(block)).to.deep.equal(['a'])
  })

  it('and nothing changes if the verdict is the same', () => {
    const b = restricted()
    b.verdict(only('a'))

    expect([b.askedFor(block), cancelled(b)]).to.deep.equal([['a'], []])
    b.engine.put({ t: 'review' })
    b.flush()
    expect(b.asked).to.have.lengthOf(3)
  })

  it('and the want is asked of the members that it may use now', () => {
    const b = restricted()
    b.verdict(only('b'))

    expect([b.askedFor(block), cancelled(b)]).to.deep.equal([['a', 'b'], ['a']])
    b.engine.checkInvariants()
    b.block('b', block)
    expect(b.take('p').blocks).to.have.lengthOf(1)
  })

  it('and the want ends when it is refused: its asks are cancelled', () => {
    for (const verdict of ['silent', 'absent'] as const) {
      const b = restricted('have')
      b.verdict(verdict)

      expect(cancelled(b)).to.deep.equal(['a'])
      expect(b.ends.map(({ outcome }) => outcome)).to.deep.equal(['refused'])
      expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal(verdict === 'absent' ? [false] : [])
      b.engine.checkInvariants()
    }
  })

  it('and a DONT_HAVE that had not left is sent once all members are certain', () => {
    const b = restricted()
    b.answer('a', block, 'dont-have')
    b.verdict('pass')
    b.answer(b.askedFor(block)[1], block, 'dont-have')
    b.answer(b.askedFor(block)[2], block, 'dont-have')
    expect(b.askedFor(block)).to.have.members(['a', 'a', 'b'])
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([false])
  })

  it('but not the verdict of an unrestricted want', () => {
    const b = restricted('block', 'pass')

    expect(b.asked).to.have.lengthOf(1)
  })

  it('and an upgrade meanwhile gets a verdict of its own', () => {
    const b = restricted('have')
    b.want('p', entry(block))
    b.engine.put({ t: 'review' })
    b.flush()
    expect(b.asked.map(({ type }) => type)).to.deep.equal(['have', 'have', 'block'])
    b.verdict(only('b'))
    b.verdict(only('a'), b.asked[1])
    b.engine.checkInvariants()
    b.block('b', block)

    expect(b.take('p').blocks).to.have.lengthOf(1)
  })

  it('also for a want whose connection is silent', () => {
    const b = bench({ admission: true, members: [{ id: 'a' }, { id: 'b' }] })
    b.engine.put({ t: 'message', client: 'p', wants: [entry(block)], full: false, connection: 1 })
    b.flush()
    b.verdict(only('a'))
    b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'silent' })
    b.engine.put({ t: 'review' })
    b.flush()
    b.verdict(only('b'))
    b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'heard' })
    b.flush()
    b.engine.checkInvariants()

    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })
})
