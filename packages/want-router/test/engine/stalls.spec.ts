import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Member, StrategyFactory } from '../../src/strategies/strategy.ts'

const KIB = 1024
const blocks = Array.from({ length: 40 }, (_, i) => testBlock(i))

/** Every other want begins at the other member. */
const alternating: StrategyFactory = () => {
  let members: readonly Member[] = []
  let turn = 0

  return {
    update (next) { members = next },
    rank: () => turn++ % 2 === 0 ? members : members.toReversed()
  }
}

describe('engine: a member that falls silent', () => {
  // four wants fill the window of a peer whose sizes have not been learned
  const limits = { expectedBlock: 256 * KIB }

  it('holds up a new client until it counts as stalled, not until a timeout', () => {
    const b = bench({ limits })
    b.want('p', ...blocks.map(block => entry(block)))
    expect(b.asks.map(({ member }) => member)).to.deep.equal(['a', 'a', 'a', 'a'])
    b.pass(249)
    expect(b.asks).to.have.length(4)

    b.pass(1)
    const elsewhere = b.asks.slice(4)
    expect(elsewhere.map(({ member }) => member)).to.deep.equal(['b', 'b', 'b', 'b'])

    for (const block of blocks.slice(4)) {
      expect(b.askedFor(block)).to.deep.equal(['b'])
      b.block('b', block)
      b.take('p')
    }

    expect(b.now).to.equal(1250)
  })

  it('is not asked while others have capacity, and asked as before once it answers something', () => {
    const b = bench({ limits: { ...limits, inFlightPerClient: 16 << 20 }, strategy: alternating })
    b.want('p', entry(blocks[0]), entry(blocks[1]))
    b.pass(100)
    const [silent] = b.askedFor(blocks[0])
    const [other] = b.askedFor(blocks[1])
    b.block(other, blocks[1])
    b.pass(200)
    b.want('p', entry(blocks[2]), entry(blocks[3]))
    expect([...b.askedFor(blocks[2]), ...b.askedFor(blocks[3])]).to.deep.equal([other, other])

    b.block(silent, blocks[0])
    b.want('p', entry(blocks[4]), entry(blocks[5]))
    expect([...b.askedFor(blocks[4]), ...b.askedFor(blocks[5])]).to.have.members([silent, other])
  })

  it('is asked nevertheless if no other member is left', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.want('p', entry(blocks[0]))
    b.pass(1000)
    b.want('q', entry(blocks[1]))
    expect(b.askedFor(blocks[1])).to.deep.equal(['a'])
  })

  it('gets one more window of a client, however long it is silent', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { ...limits, firstTimeout: 60_000, maxTimeout: 60_000 } })
    b.want('p', ...blocks.map(block => entry(block)))

    for (let i = 0; i < 100; i++) {
      b.pass(300)
      expect(b.engine.status().members[0].load.bytes).to.be.at.most(2 << 20)
    }

    expect(b.asks).to.have.length(8)
  })

  it('counts in full again when it answers again', () => {
    const b = bench({ limits })
    b.want('p', ...blocks.map(block => entry(block)))
    b.pass(300)
    expect(b.asks).to.have.length(8)
    b.block('a', blocks[0])
    // seven are in flight, four fit
    expect(b.asks).to.have.length(8)
  })
})
