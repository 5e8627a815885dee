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

describe('engine: rounds', () => {
  it('wants that waited for a member to come up are asked in rounds of clients, not in the order of arrival', () => {
    const b = bench({ members: [{ id: 'a' }], up: false, limits: { wantsPerMember: 64 } })
    const many = blocks(0, 800)
    const few = blocks(1000, 100)
    b.want('p', ...many.map(block => entry(block)))
    b.want('q', ...few.map(block => entry(block)))
    b.engine.put({ t: 'up', member: 'a' })
    b.flush()
    const [ofMany, ofFew] = shares(b, 64, many, few)
    // a ninth of the places stays free for the next client
    expect(ofMany + ofFew).to.be.within(60, 64)
    expect(ofFew).to.be.closeTo(32, 8)

    // and a client that comes now does not wait for all of them
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

  it('retries fit the window of the client that they are for', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { expectedBlock: KIB, unsentPerClient: 8 * KIB, inFlightPerClient: 8 * KIB } })
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

  it('want-haves that become want-blocks are asked as far as the window allows', () => {
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

  it('a fetch that waited for capacity and finds no member is exhausted, and is asked again', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 1, standingPerMember: 0 } })
    const [late, other] = blocks(0, 2)
    b.want('p', entry(late, { wantType: 'have' }))
    b.answer('a', late, 'have')
    b.want('q', entry(other))
    b.want('p', entry(late))
    b.answer('a', late, 'dont-have') // it has lost it
    b.block('a', other)
    const before = b.askedFor(late).length
    b.pass(60_000)
    expect(b.askedFor(late).length).to.be.above(before)
    b.block('a', late)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('a fetch that waits for capacity continues for the clients that still want it', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { wantsPerMember: 1 } })
    const [first, second] = blocks(0, 2)
    b.want('p', entry(first))
    b.answer('a', first, 'dont-have')
    b.want('r', entry(testBlock(9)))
    b.want('p', entry(second))
    b.want('q', entry(second))
    b.answer('a', testBlock(9), 'dont-have')
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(b.askedFor(second)).to.deep.equal(['a'])
    b.answer('a', second, 'dont-have')
    b.block('b', testBlock(9))
    b.block('b', second)
    expect(b.take('q').blocks).to.have.length(1)
    b.engine.put({ t: 'gone', client: 'q' })
    b.engine.put({ t: 'gone', client: 'r' })
    b.flush()
    expect(b.engine.status()).to.include({ fetches: 0, wants: 0, unsent: 0 })
  })

  describe('a client that keeps more want-haves waiting than members have places for', () => {
    /** Its thousand want-haves are answered, and renewed, for as long as the other one waits. */
    function crowded (members: number, wantsPerMember: number): Bench {
      const b = bench({ members: Array.from({ length: members }, (_, i) => ({ id: `m${i}` })), limits: { wantsPerMember } })
      b.want('hog', ...blocks(0, 1024).map(block => entry(block, { wantType: 'have' })))

      return b
    }

    /** Lets time pass in which every member answers a want each millisecond, oldest first, and the hog wants one more for each. */
    function go (b: Bench, ms: number): void {
      const answered = new Set<unknown>()
      let fresh = 10_000

      for (const end = b.now + ms; b.now < end; b.pass(1)) {
        for (const { id } of b.engine.status().members) {
          const ask = b.asks.find(ask => ask.member === id && !answered.has(ask))

          if (ask != null) {
            answered.add(ask)
            b.engine.put({ t: 'answer', member: id, key: ask.want.key, answer: 'dont-have' })
            b.want('hog', entry(testBlock(fresh++), { wantType: 'have' }))
          }
        }
      }
    }

    for (const [members, wants] of [[1, 512], [8, 64]]) {
      it(`does not delay another's, at ${members} × ${wants} wants`, () => {
        const b = crowded(members, wants)
        const honest = testBlock(5000)
        b.want('honest', entry(honest, { wantType: 'have' }))
        expect(b.askedFor(honest)).to.have.length(1)
      })

      it(`does not delay another's by more than 5 ms for each that it wants, at ${members} × ${wants} wants, however long it goes on`, () => {
        const b = crowded(members, wants)
        go(b, 200)
        const many = blocks(5000, 20)
        b.want('honest', ...many.map(block => entry(block, { wantType: 'have' })))
        const asked = (): number => many.filter(block => b.askedFor(block).length > 0).length
        const before = asked()
        go(b, 20)
        expect(before).to.be.above(0)
        expect(asked()).to.equal(20)
      })
    }

    it('nor does a client that waits for capacity of bytes', () => {
      const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 1 << 20, unsentPerClient: 64 << 20, inFlightPerClient: 64 << 20, unsent: 640 << 20 } })
      b.want('hog', ...blocks(0, 100).map(block => entry(block)))
      expect(b.engine.status().members[0].load.bytes).to.equal(4 << 20)
      const [honest, other] = blocks(5000, 2)
      b.want('honest', entry(honest, { wantType: 'have' }))
      expect(b.askedFor(honest)).to.have.length(1)
      // a block does need bytes, and those go to the one that waited first
      b.want('other', entry(other))
      expect(b.askedFor(other)).to.be.empty()
    })
  })

  it('a round that full windows interrupt is not paid for again each time that it continues', () => {
    // two want the same, but the first fills the member and takes its round whenever a place is free
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 2, expectedBlock: 1024 } })
    const [first, second] = [blocks(0, 100, KIB), blocks(1000, 100, KIB)]
    b.want('p', ...first.map(block => entry(block)))
    b.want('q', ...second.map(block => entry(block)))

    for (let i = 0; i < 64; i++) {
      const block = [...first, ...second].find(({ key }) => key === b.asks[i].want.key)
      b.block('a', block ?? first[0])
      b.take('p')
      b.take('q')
    }

    const [ofFirst, ofSecond] = shares(b, 64, first, second)
    // a round is sixteen of the smallest wants
    expect(ofFirst).to.be.within(32, 48)
    expect(ofSecond).to.be.within(16, 32)
  })
})
