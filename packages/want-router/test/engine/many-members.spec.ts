import { expect } from 'aegir/chai'
import { bench, entry, inOrder, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'

const MEMBERS = Array.from({ length: 100 }, (_, i) => ({ id: `m${String(i).padStart(3, '0')}` }))
const block = testBlock(1)

/** A hundred members, and how often the strategy had to rank them. */
function manyMembers (): { b: Bench, ranks (): number } {
  let ranks = 0

  const counted: StrategyFactory = env => {
    const strategy = inOrder(env)

    return {
      update: members => { strategy.update(members) },
      rank (want) {
        ranks++

        return strategy.rank(want)
      }
    }
  }

  return { b: bench({ members: MEMBERS, strategy: counted }), ranks: () => ranks }
}

function denyAll (b: Bench, from: number, to: number): void {
  for (const { id } of MEMBERS.slice(from, to)) {
    b.answer(id, block, 'dont-have')
  }
}

describe('engine: a want that a hundred members do not have', () => {
  it('is asked of each, best first, and then gets DONT_HAVE, for a few rankings', () => {
    const { b, ranks } = manyMembers()
    b.want('p', entry(block))
    denyAll(b, 0, 100)
    expect(b.askedFor(block)).to.deep.equal(MEMBERS.map(({ id }) => id))
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([false])
    expect(ranks()).to.be.lessThan(6)
  })

  it('continues in a new order when a member was lost, and asks none twice', () => {
    const { b, ranks } = manyMembers()
    b.want('p', entry(block))
    denyAll(b, 0, 50)
    b.engine.put({ t: 'down', member: 'm060' })
    b.flush()
    const before = ranks()
    denyAll(b, 50, 60)
    denyAll(b, 61, 100)
    expect(b.askedFor(block)).to.deep.equal(MEMBERS.map(({ id }) => id).filter(id => id !== 'm060'))
    expect(ranks() - before).to.be.lessThan(3)
  })

  it('is asked of a member that turns out to hold the block, before the rest of the order', () => {
    const { b } = manyMembers()
    b.want('p', entry(block, { wantType: 'have' }))
    denyAll(b, 0, 10)
    b.answer('m010', block, 'have')
    b.want('p', entry(block))
    expect(b.askedFor(block).at(-1)).to.equal('m010')
  })
})
