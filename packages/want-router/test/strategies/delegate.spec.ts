import { expect } from 'aegir/chai'
import { delegateTo } from '../../src/strategies/delegate.ts'
import { fakeMembers, fakeOutcome, fakeWant } from './fixtures.ts'
import type { Strategy } from '../../src/strategies/strategy.ts'

/** A strategy that records how it was called, and checks that it is called as a method. */
class Inner implements Strategy {
  readonly calls: unknown[][] = []
  readonly #members = fakeMembers(2)

  update (...args: unknown[]): void { this.calls.push(['update', ...args]) }
  rank (...args: unknown[]): ReturnType<Strategy['rank']> {
    this.calls.push(['rank', ...args])

    return this.#members
  }

  observe (...args: unknown[]): void { this.calls.push(['observe', ...args]) }
  avoids (...args: unknown[]): boolean {
    this.calls.push(['avoids', ...args])

    return args[0] === this.#members[0].id
  }
}

const members = fakeMembers(3)
const want = fakeWant('key')
const outcome = fakeOutcome('member-0')

describe('delegateTo', () => {
  it('passes on all calls and their results', () => {
    const inner = new Inner()
    const strategy = delegateTo(inner)
    strategy.update(members)
    expect([...strategy.rank(want)].map(({ id }) => id)).to.deep.equal(['member-0', 'member-1'])
    strategy.observe(outcome)
    expect([strategy.avoids('member-0', want), strategy.avoids('member-1', want)]).to.deep.equal([true, false])
    expect(inner.calls).to.deep.equal([['update', members], ['rank', want], ['observe', outcome], ['avoids', 'member-0', want], ['avoids', 'member-1', want]])
  })

  it('passes on every method that a strategy may have', () => {
    // if strategies get another method, this does not compile until the method is here and above
    const all: Record<keyof Strategy, true> = { update: true, rank: true, observe: true, avoids: true }

    expect(Object.keys(delegateTo(new Inner()))).to.have.members(Object.keys(all))
  })

  it('replaces what is overridden, and nothing by undefined', () => {
    const inner = new Inner()
    const strategy = delegateTo(inner, { rank: () => [members[2]], observe: undefined })
    expect([...strategy.rank(want)]).to.deep.equal([members[2]])
    strategy.observe(outcome)
    expect(inner.calls).to.deep.equal([['observe', outcome]])
  })

  it('wraps a strategy that observes nothing and avoids no member', () => {
    const strategy = delegateTo({ update () {}, rank: () => members })
    strategy.observe(outcome)
    expect(strategy.avoids('member-0')).to.equal(false)
  })
})
