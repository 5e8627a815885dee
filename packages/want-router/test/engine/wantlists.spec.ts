import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { bench, entry, testBlock } from './harness.ts'
import type { TestBlock } from './harness.ts'

const blocks = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i))

describe('engine: the order of wants', () => {
  it('of a message is that of its priorities, high first, whatever the order of its entries', () => {
    for (const priorities of [[1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3], [7, 7, 9, 8]]) {
      const b = bench({ members: [{ id: 'a' }] })
      const wanted = blocks(0, 4)
      b.want('p', ...wanted.map((block, i) => entry(block, { priority: priorities[i] })))
      const asked = b.asks.map(({ want }) => priorities[wanted.findIndex(({ key }) => key === want.key)])
      expect(asked, priorities.join()).to.deep.equal([...priorities].sort((a, b) => b - a))
    }
  })

  it('of a message holds if members have capacity for one at a time', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 1 } })
    const wanted = blocks(0, 4)
    b.want('p', ...wanted.map((block, i) => entry(block, { priority: 10 + i })))

    for (const block of wanted.toReversed()) {
      expect(b.asks.at(-1)?.want.key).to.equal(block.key)
      b.block('a', block)
    }
  })

  it('is passed to members as priorities that decrease with each ask, for all clients together', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }] })

    for (let i = 0; i < 20; i++) {
      b.want(i % 2 === 0 ? 'p' : 'q', ...blocks(10 * i, 10).map((block, n) => entry(block, { priority: (n * 7) % 10 })))
      b.answer('a', testBlock(10 * i), 'dont-have')
    }

    for (const id of ['a', 'b']) {
      const priorities = b.asks.filter(({ member }) => member === id).map(({ want }) => want.priority)
      expect(priorities).to.have.length.above(10)
      expect(priorities).to.deep.equal([...new Set(priorities)].sort((a, b) => b - a))
    }
  })
})

describe('engine: a full wantlist', () => {
  it('evicts wants that have their HAVE for new ones, whatever their priority', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerClient: 10 } })
    const held = blocks(0, 10)
    b.want('p', ...held.map(block => entry(block, { wantType: 'have', priority: 1000 })))

    for (const block of held) {
      b.answer('a', block, 'have')
    }

    b.take('p')
    const wanted = blocks(100, 10)

    for (const block of wanted) {
      b.want('p', entry(block, { priority: 1 }))
      expect(b.askedFor(block)).to.deep.equal(['a'])
    }

    expect(b.engine.status().wants).to.equal(10)
    expect(b.engine.status().totals.evicted).to.equal(10)
  })
})

describe('engine: a list that is sent as a whole', () => {
  it('ends every want that it does not name, and none that it names', () => {
    const b = bench({ members: [{ id: 'a' }] })
    const [first, second, third, fourth] = blocks(0, 4)
    b.want('p', entry(first), entry(second), entry(third))
    b.engine.put({ t: 'message', client: 'p', wants: [entry(second), entry(fourth)], full: true })
    b.flush()
    expect(b.engine.status().wants).to.equal(2)
    expect(b.cancels.map(({ want }) => want.key)).to.have.members([first.key, third.key])
    expect(b.asks.map(({ want }) => want.key)).to.deep.equal([first, second, third, fourth].map(({ key }) => key))
  })
})

describe('engine: how long a want lives', () => {
  it('is counted from when the client last asked for it, for each want separately', () => {
    const b = bench({ limits: { wantLifetime: 600_000 } })
    const [renewed, left] = blocks(0, 2)
    b.want('p', entry(renewed))
    b.pass(1000)
    b.want('p', entry(left))
    b.pass(300_000)
    b.want('p', entry(renewed))
    b.pass(302_000)
    expect(b.engine.status().wants, 'the one that was not renewed has ended').to.equal(1)
    expect(b.engine.status().totals.expired).to.equal(1)
    b.pass(290_000)
    expect(b.engine.status().wants).to.equal(1)
    b.pass(20_000)
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })
})

describe('engine: one block under several CIDs', () => {
  const block = testBlock(1)
  const cids = Array.from({ length: 3 }, (_, i) => CID.createV1(0x70 + i, CID.decode(block.cid).multihash).bytes)

  it('any may be cancelled first: the others are still known, each by its CID', () => {
    for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
      const b = bench({ members: [{ id: 'a' }] })
      b.want('p', ...cids.map(cid => entry(block, { cid })))

      for (const [i, n] of order.entries()) {
        b.want('p', entry(block, { cid: cids[n], cancel: true }))
        expect(b.engine.status().wants, `${order.join()}: after the cancel of ${n}`).to.equal(2 - i)

        for (const other of order.slice(i + 1)) {
          b.want('p', entry(block, { cid: cids[other] }))
        }

        expect(b.engine.status().wants, 'what is asked for again is known').to.equal(2 - i)
      }

      expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
    }
  })
})
