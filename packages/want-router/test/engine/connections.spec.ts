import { expect } from 'aegir/chai'
import { seededRandom } from '../../src/seeded-random.ts'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'
import type { Input } from '../../src/engine/io.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

const [x, y, z] = [testBlock(1), testBlock(2), testBlock(3)]
const OLD = 7
const NEW = 8

describe('engine/connections', () => {
  let b: Bench

  beforeEach(() => {
    b = bench({ limits: { hedgeShare: 0 } })
  })

  function want (connection: number, ...wants: WantEntry[]): void {
    b.engine.put({ t: 'message', client: 'p', wants, full: false, connection })
    b.flush()
  }

  function becomes (is: Extract<Input, { t: 'connection' }>['is'], connection = OLD): void {
    b.engine.put({ t: 'connection', client: 'p', connection, is })
    b.flush()
  }

  function served (block: TestBlock): number {
    b.block('a', block)

    return b.take('p').blocks.length
  }

  it('of which one is lost: its wants end, and no others', () => {
    want(OLD, entry(x))
    want(NEW, entry(y))
    becomes('lost')
    expect(b.cancels.map(({ want }) => want.key)).to.deep.equal([x.key])
    expect([served(x), served(y)]).to.deep.equal([0, 1])
  })

  it('of which one is lost: wants that were repeated on another stay', () => {
    want(OLD, entry(x), entry(y))
    want(NEW, entry(x))
    becomes('lost')
    expect([served(x), served(y)]).to.deep.equal([1, 0])
  })

  it('of which one is silent: members are not asked for its wants until it is heard', () => {
    want(OLD, entry(x))
    becomes('silent')
    expect(b.cancels.map(({ want }) => want.key)).to.deep.equal([x.key])
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0, active: 0 })
    expect(served(x)).to.equal(0)
    becomes('heard')
    expect(b.askedFor(x)).to.have.lengthOf(2)
    expect(served(x)).to.equal(1)
  })

  it('of which one is silent: wants that are repeated on another are served at once', () => {
    want(OLD, entry(x))
    becomes('silent')
    want(NEW, entry(x))
    expect(served(x)).to.equal(1)
    becomes('lost')
    becomes('heard')
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('of which one is silent: wants that are cancelled on another do not resume', () => {
    want(OLD, entry(x), entry(y))
    becomes('silent')
    want(NEW, entry(x, { cancel: true }))
    becomes('heard')
    expect([served(x), served(y)]).to.deep.equal([0, 1])
  })

  it('of which one is silent: a full list on another replaces its wants', () => {
    want(OLD, entry(x))
    becomes('silent')
    b.engine.put({ t: 'message', client: 'p', wants: [entry(y)], full: true, connection: NEW })
    becomes('heard')
    expect([served(x), served(y)]).to.deep.equal([0, 1])
  })

  it('of which one is silent and then lost: none of its wants is served', () => {
    want(OLD, entry(x))
    becomes('silent')
    becomes('lost')
    becomes('heard')
    expect(served(x)).to.equal(0)
  })

  it('a HAVE that was sent before a silence is not taken back after it', () => {
    want(OLD, entry(x, { wantType: 'have' }))
    b.answer('a', x, 'have')
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([true])
    becomes('silent')
    becomes('heard')
    b.answer('a', x, 'dont-have')
    b.answer('b', x, 'dont-have')
    expect(b.take('p').presences).to.deep.equal([])
    want(NEW, entry(x, { wantType: 'have' }))
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([true])
  })

  it('presences that had not left when one fell silent are sent when it is heard', () => {
    want(OLD, entry(x, { wantType: 'have' }), entry(y))
    b.answer('a', x, 'have')

    for (const member of ['a', 'b']) {
      b.answer(member, y, 'dont-have')
    }

    becomes('silent')
    expect(b.take('p').presences).to.deep.equal([])
    becomes('heard')
    b.answer('a', x, 'have')

    for (const member of ['a', 'b']) {
      b.answer(member, y, 'dont-have')
    }

    expect(b.take('p').presences.map(({ have }) => have)).to.have.members([true, false])
  })

  it('a resumed want lives as long as a new one', () => {
    want(OLD, entry(x))
    becomes('silent')
    b.pass(599_000)
    becomes('heard')
    b.pass(598_000)
    expect(b.engine.status().wants).to.equal(1)
    b.pass(4000)
    expect(b.engine.status().wants).to.equal(0)
  })

  it('a want that had its HAVE before a silence waits in no queue after it', () => {
    want(OLD, entry(x, { wantType: 'have' }))
    b.answer('a', x, 'have')
    b.take('p')
    becomes('silent')
    b.engine.put({ t: 'message', client: 'q', wants: [entry(x)], full: false })
    b.engine.put({ t: 'connection', client: 'p', connection: OLD, is: 'heard' })
    b.engine.checkInvariants()
    b.flush()
    b.block('a', x)
    expect(b.take('p').blocks).to.have.lengthOf(0)
    expect(b.take('q').blocks).to.have.lengthOf(1)
  })

  it('are independent of other clients that wait for the same block', () => {
    want(OLD, entry(x))
    b.want('q', entry(x))
    becomes('silent')
    expect(b.cancels).to.deep.equal([])
    b.block('a', x)
    expect(b.take('q').blocks).to.have.lengthOf(1)
    expect(b.take('p').blocks).to.have.lengthOf(0)
  })

  it('of a peer that is gone, or unknown, change nothing', () => {
    becomes('silent')
    want(OLD, entry(x))
    becomes('silent')
    b.engine.put({ t: 'gone', client: 'p' })
    becomes('heard')
    expect(b.engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('have no more suspended wants than a peer may have', () => {
    b = bench({ limits: { wantsPerClient: 3 } })

    for (let connection = 0; connection < 5; connection++) {
      want(connection, ...[0, 1, 2].map(i => entry(testBlock(10 * connection + i))))
      becomes('silent', connection)
    }

    for (let connection = 0; connection < 5; connection++) {
      becomes('heard', connection)
    }

    expect(b.engine.status()).to.include({ wants: 3, fetches: 3 })
  })

  it('leave nothing when the peer is gone, and wants on a working connection are served, in whatever order things happen', () => {
    for (let seed = 0; seed < 200; seed++) {
      b = bench()
      history(seed)
    }
  })

  function history (seed: number): void {
    const random = seededRandom(seed)
    const one = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]
    const blocks = [x, y, z]

    const step = (): void => {
      const block = one(blocks)
      const connection = one([1, 2])
      one([
        () => { want(connection, entry(block, { wantType: one(['have', 'block']), cid: one([block.cid, block.v0]), cancel: one([true, false, false]) })) },
        () => { becomes(one(['silent', 'heard', 'lost']), connection) },
        () => { b.block(one(['a', 'b']), block) },
        () => { b.answer(one(['a', 'b']), block, one(['have', 'dont-have', 'failed'])) },
        () => { b.take('p') },
        () => { b.pass(random() * 2_000) }
      ])()
    }

    for (let i = 0; i < 60; i++) {
      step()
    }

    becomes('heard', 1)
    becomes('heard', 2)
    want(3, ...blocks.map(block => entry(block)))
    b.take('p')
    b.pass(60_000)
    blocks.forEach(block => { b.block('a', block) })
    expect(b.take('p').blocks.length, `seed ${seed}`).to.be.at.least(3)
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(b.engine.status(), `seed ${seed}`).to.include({ clients: 0, wants: 0, fetches: 0, unsent: 0 })
  }
})
