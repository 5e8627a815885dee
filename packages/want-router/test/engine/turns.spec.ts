import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'

const KIB = 1024
const blocks = (from: number, count: number, size?: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i, size))

/** How many of the first asks were for each of two lists of blocks. */
function shares (b: Bench, first: number, ...lists: TestBlock[][]): number[] {
  const asked = b.asks.slice(0, first).map(({ want }) => want.key)
  return lists.map(list => list.filter(({ key }) => asked.includes(key)).length)
}

describe('engine: turns', () => {
  it('what waited for a member to come up is asked in turns, not in the order in which it came', () => {
    const b = bench({ members: [{ id: 'a' }], up: false, limits: { wantsPerMember: 64 } })
    const many = blocks(0, 800)
    const few = blocks(1000, 100)
    b.want('p', ...many.map(block => entry(block)))
    b.want('q', ...few.map(block => entry(block)))
    b.engine.put({ t: 'up', member: 'a' })
    b.flush()
    const [ofMany, ofFew] = shares(b, 64, many, few)
    expect(ofMany + ofFew).to.equal(64)
    expect(ofFew).to.be.closeTo(32, 8)

    // and who comes now does not wait for all of them
    const late = blocks(2000, 20)
    b.want('r', ...late.map(block => entry(block)))
    for (let i = 0; i < 200; i++) {
      const block = [...many, ...few, ...late].find(({ key }) => key === b.asks[i].want.key)
      b.block('a', block ?? late[0])
      b.take('p')
      b.take('q')
      b.take('r')
    }
    expect(shares(b, 264, late)).to.deep.equal([20])
  })

  it('retries fit the window of the peer that they are for', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { expectedBlock: KIB, unsentPerPeer: 8 * KIB, inFlightPerPeer: 8 * KIB } })
    const wanted = blocks(0, 60, 14 * KIB)
    b.want('p', ...wanted.map(block => entry(block)))
    for (let round = 0; round < 20; round++) {
      for (const member of ['a', 'b']) {
        b.engine.put({ t: 'down', member })
        b.engine.put({ t: 'up', member })
      }
      b.flush()
      for (const block of wanted) {
        b.block('a', block)
      }
      // one block of a size not yet known, and what fits beside it
      expect(b.engine.status().unsent).to.be.at.most(8 * 14 * KIB)
    }
    expect(b.take('p').blocks).to.not.be.empty()
  })

  it('want-haves that turn into want-blocks are asked as far as the window goes', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 256 * KIB } })
    const wanted = blocks(0, 100)
    b.want('p', ...wanted.map(block => entry(block, { wantType: 'have' })))
    b.want('p', ...wanted.map(block => entry(block)))
    expect(b.asks.filter(({ want }) => want.type === 'block')).to.have.length(4)
    expect(b.engine.status().members[0].load.bytes).to.equal(1 << 20)
    for (const block of wanted) {
      b.answer('a', block, 'have')
    }
    const served = new Set<string>()
    for (let i = 0; i < b.asks.length; i++) {
      const { type, key } = b.asks[i].want
      const block = type === 'block' ? wanted.find(block => block.key === key) : undefined
      if (block != null) {
        b.block('a', block)
        served.add(key)
        b.take('p')
      }
    }
    expect(served.size).to.equal(100)
  })

  it('a route that waited for room and found nobody rests, and is asked again', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 1, listedPerMember: 0 } })
    const [late, other] = blocks(0, 2)
    b.want('p', entry(late, { wantType: 'have' }))
    b.answer('a', late, 'have')
    b.want('q', entry(other))
    b.want('p', entry(late))
    b.answer('a', late, 'lack') // it has lost it
    b.block('a', other)
    const before = b.askedFor(late).length
    b.pass(60_000)
    expect(b.askedFor(late).length).to.be.above(before)
    b.block('a', late)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('a route that waits for room goes on with who still wants it', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { wantsPerMember: 1 } })
    const [first, second] = blocks(0, 2)
    b.want('p', entry(first))
    b.answer('a', first, 'lack')
    b.want('r', entry(testBlock(9)))
    b.want('p', entry(second))
    b.want('q', entry(second))
    b.answer('a', testBlock(9), 'lack')
    b.engine.put({ t: 'gone', peer: 'p' })
    b.flush()
    expect(b.askedFor(second)).to.deep.equal(['a'])
    b.answer('a', second, 'lack')
    b.block('b', testBlock(9))
    b.block('b', second)
    expect(b.take('q').blocks).to.have.length(1)
    b.engine.put({ t: 'gone', peer: 'q' })
    b.engine.put({ t: 'gone', peer: 'r' })
    b.flush()
    expect(b.engine.status()).to.include({ routes: 0, wants: 0, unsent: 0 })
  })
})
