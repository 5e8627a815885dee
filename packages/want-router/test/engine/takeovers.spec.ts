import { expect } from 'aegir/chai'
import { delegateTo } from '../../src/strategies/delegate.ts'
import { bench, entry, inOrder, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'
import type { Member, StrategyFactory } from '../../src/strategies/strategy.ts'

const [x, y, z] = [testBlock(1), testBlock(2), testBlock(3)]
const members = [{ id: 'a' }, { id: 'b' }, { id: 'c' }]

/** Members with one place each: `x`, which a does not have, waits for b, which owes `y`, and c owes `z`. */
function waiting (): Bench {
  const b = bench({ members, limits: { wantsPerMember: 1 } })
  b.want('p', entry(x), entry(y), entry(z))
  b.answer('a', x, 'dont-have')
  expect([b.askedFor(x), b.askedFor(y), b.askedFor(z)]).to.deep.equal([['a'], ['b'], ['c']])

  return b
}

describe('engine: takeovers', () => {
  it('another member that has become idle is asked for what waits for a busy one', () => {
    const b = waiting()
    b.block('c', z)
    expect(b.askedFor(x)).to.deep.equal(['a', 'c'])
  })

  it('and the one that it waits for is asked if that is free first', () => {
    const b = waiting()
    b.block('b', y)
    expect(b.askedFor(x)).to.deep.equal(['a', 'b'])
  })

  it('but not one that has answered', () => {
    const b = waiting()
    b.want('q', entry(testBlock(4)))
    b.answer('a', testBlock(4), 'failed')
    expect(b.engine.status().members[0].load.wants).to.equal(0)
    expect(b.askedFor(x)).to.deep.equal(['a'])
  })

  it('nor before clients in line for any member are served', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { wantsPerMember: 1 } })
    b.want('p', entry(x), entry(y))
    const w = testBlock(4)
    b.want('q', entry(w))
    b.answer('a', x, 'dont-have')
    // w has the place of x; then x waits for b, and what a may take next is what q wants
    expect(b.askedFor(w)).to.deep.equal(['a'])
    b.want('q', entry(z))
    b.block('a', w)
    expect([b.askedFor(z), b.askedFor(x)]).to.deep.equal([['a'], ['a']])
  })

  it('a member that has come up takes over what waits for others', () => {
    const b = bench({ members, up: false, limits: { wantsPerMember: 1 } })
    b.put({ t: 'up', member: 'a' })
    b.put({ t: 'up', member: 'b' })
    b.want('p', entry(x), entry(y))
    b.answer('a', x, 'dont-have')
    expect(b.askedFor(x)).to.deep.equal(['a'])
    b.put({ t: 'up', member: 'c' })
    expect(b.askedFor(x)).to.deep.equal(['a', 'c'])
  })

  it('a fetch is ranked once for a takeover, even if the strategy leaves that member out and changes its order each time', () => {
    let ranked = 0

    const fickle: StrategyFactory = () => {
      let all: readonly Member[] = []

      return {
        update (next) { all = next },
        rank () {
          const order = ++ranked % 2 === 0 ? 'abc' : 'acb'

          return all.filter(({ id }) => id !== 'd').sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id))
        }
      }
    }

    const b = bench({ members: [...members, { id: 'd' }], up: false, strategy: fickle, limits: { wantsPerMember: 1 } })

    for (const member of ['a', 'b', 'c']) {
      b.put({ t: 'up', member })
    }

    b.want('p', entry(x), entry(y), entry(z))
    b.answer('a', x, 'dont-have')
    const before = ranked
    b.put({ t: 'up', member: 'd' })
    expect(b.askedFor(x)).to.deep.equal(['a'])
    expect(ranked - before).to.be.within(1, 2)
  })

  it('a member that had answered, and was down since, takes it over, too', () => {
    const b = waiting()
    const w = testBlock(4)
    b.want('q', entry(w)) // a considers x when it has answered w
    b.block('a', w)
    b.put({ t: 'down', member: 'a' })
    b.put({ t: 'up', member: 'a' })
    expect(b.askedFor(x)).to.deep.equal(['a', 'a'])
  })

  it('a member where a client has used up its share takes over what that client waits for at the latest when it is idle', () => {
    const b = bench({ members: [{ id: 'c' }, { id: 'd' }], up: false })
    b.put({ t: 'up', member: 'c', capacity: { wants: 10 } })
    const share = Array.from({ length: 8 }, (_, i) => testBlock(100 + i))
    b.want('p', ...share.map(block => entry(block)))
    const others = [testBlock(200), testBlock(201)]
    b.want('q', ...others.map(block => entry(block)))
    b.put({ t: 'up', member: 'd', capacity: { wants: 2 } })
    b.want('p', entry(x))
    b.want('r', entry(y))
    expect([b.askedFor(x), b.askedFor(y)]).to.deep.equal([['d'], ['d']])
    b.put({ t: 'up', member: 'd', capacity: { wants: 1 } })
    b.answer('d', x, 'unknown') // what comes next is c, of which p has all it may
    expect(b.askedFor(x)).to.deep.equal(['d'])

    for (const block of [...others, ...share]) {
      b.block('c', block)
    }

    expect(b.askedFor(x)).to.deep.equal(['d', 'c'])
  })

  it('a member considers each fetch that it has answered once, however many those are', () => {
    const many: TestBlock[] = Array.from({ length: 250 }, (_, i) => testBlock(100 + i))
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }] })
    b.put({ t: 'up', member: 'b', capacity: { wants: 1 } })
    b.want('p', ...many.map(block => entry(block)))

    for (const block of many) {
      b.answer('a', block, 'dont-have')
    }

    for (const block of many) {
      b.answer('b', block, 'dont-have')
    }

    expect(b.asks.filter(({ member }) => member === 'b')).to.have.length(250)
  })

  it('an idle member does not consider every waiting fetch while all bytes are reserved', () => {
    const many: TestBlock[] = Array.from({ length: 50 }, (_, i) => testBlock(100 + i))
    let looks = 0
    const strategy: StrategyFactory = env => delegateTo(inOrder(env), {
      avoids: (member, want) => {
        looks += member === 'b' && want != null ? 1 : 0

        return false
      }
    })
    const b = bench({ strategy, limits: { inFlight: 1 } })
    b.want('p', ...many.map(block => entry(block, { wantType: 'have' })))

    for (const block of many) {
      b.answer('a', block, 'have')
    }

    b.want('p', ...many.map(block => entry(block)))

    for (const block of many) {
      b.block('a', block)
    }

    expect(b.take('p').blocks).to.have.length(50)
    expect(looks).to.be.below(200)
  })

  describe('for a client that may use another member, but has no window', () => {
    /** What p waits for at a, q could have of b, which is idle; but q does not read. */
    function unread (): Bench {
      const b = bench({ members, admission: true, limits: { wantsPerMember: 1, unsentPerClient: 1 } })

      const want = (client: string, block: TestBlock, only: string): void => {
        b.want(client, entry(block))
        b.verdict({ only: [only] })
      }

      want('q', z, 'b')
      b.block('b', z)
      want('r', y, 'a')
      want('q', x, 'b')
      want('p', x, 'a')
      expect([b.askedFor(y), b.askedFor(x)]).to.deep.equal([['a'], []])

      return b
    }

    it('a fetch is taken over when the client has read', () => {
      const b = unread()
      b.take('q')
      expect(b.askedFor(x)).to.deep.equal(['b'])
    })

    it('but not when the client leaves', () => {
      const b = unread()
      b.put({ t: 'gone', client: 'q' })
      expect(b.askedFor(x)).to.be.empty()
      b.block('a', y)
      expect(b.askedFor(x)).to.deep.equal(['a'])
    })
  })
})
