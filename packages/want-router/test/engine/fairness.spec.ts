import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'

// as much as the smallest want costs
const SIZE = 4096
const blocks = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i, SIZE))

/** Two members that keep no standing wants: `a`, which is down, and `b`, which has no place until it is given some. */
function twoMembers (): Bench {
  const b = bench({ up: false, limits: { expectedBlock: SIZE } })
  b.engine.put({ t: 'up', member: 'b', capacity: { wants: 0, standing: 0 } })
  b.flush()

  return b
}

function givePlaces (b: Bench, wants: number): void {
  b.engine.put({ t: 'up', member: 'b', capacity: { wants } })
  b.flush()
}

/** Begins the fetches of these clients at `a`, which has none of the blocks and goes down, so that they wait for a place at `b`. */
function haveWaiting (b: Bench, wanted: Record<string, TestBlock[]>): void {
  b.engine.put({ t: 'up', member: 'a', capacity: { wants: 5000, standing: 0 } })
  b.flush()

  for (const [client, blocks] of Object.entries(wanted)) {
    b.want(client, ...blocks.map(block => entry(block)))
  }

  for (let i = 0; i < b.asks.length; i++) {
    b.engine.put({ t: 'answer', member: 'a', key: b.asks[i].want.key, answer: 'dont-have' })
    b.flush()
  }

  b.engine.put({ t: 'down', member: 'a' })
  b.flush()
  expect(b.asks.splice(0)).to.have.length(Object.values(wanted).flat().length)
}

/** How often each client's wants were asked. */
function asked (b: Bench): Record<string, number> {
  const counts: Record<string, number> = {}

  for (const { want } of b.asks) {
    counts[want.session] = (counts[want.session] ?? 0) + 1
  }

  return counts
}

/** Lets `b` answer DONT_HAVE, `atATime` wants at a time, until it was asked for `until` wants. */
function answer (b: Bench, atATime: number, until: number): void {
  for (let i = 0; b.asks.length < until;) {
    const end = Math.min(i + atATime, b.asks.length)
    expect(end).to.be.above(i)

    for (; i < end; i++) {
      b.engine.put({ t: 'answer', member: 'b', key: b.asks[i].want.key, answer: 'dont-have' })
    }

    b.flush()
  }
}

describe('engine: deficit round robin', () => {
  for (const atATime of [1, 32]) {
    it(`holds for wants that wait for a place at a member, and between those and new wants: ${atATime} at a time`, () => {
      const b = twoMembers()
      haveWaiting(b, { p: blocks(0, 200), q: blocks(1000, 200) })
      b.want('r', ...blocks(2000, 200).map(block => entry(block)))
      givePlaces(b, 64)
      answer(b, atATime, 300)
      const { p, q, r } = asked(b)

      for (const share of [p, q, r]) {
        // a round is sixteen of the smallest wants
        expect(share).to.be.within(100 - 24, 100 + 24)
      }
    })
  }

  it('saves nothing up for a client that wants little', () => {
    const b = bench({ members: [{ id: 'b' }], limits: { expectedBlock: SIZE } })

    for (const block of blocks(0, 200)) {
      b.want('p', entry(block))
      b.block('b', block)
      b.take('p')
    }

    b.engine.put({ t: 'up', member: 'b', capacity: { wants: 0 } })
    b.flush()
    b.want('p', ...blocks(1000, 200).map(block => entry(block)))
    b.want('q', ...blocks(2000, 200).map(block => entry(block)))
    b.asks.length = 0
    givePlaces(b, 80)
    const { p, q } = asked(b)
    expect(p + q).to.be.above(70)
    expect(p).to.be.within((p + q) / 2 - 16, (p + q) / 2 + 16)
  })

  /** Twenty clients that have taken all places of `b`, and want more; `dontHave` answers the next wants at `b`. */
  function crowded (): { b: Bench, dontHave (count: number): void } {
    const b = bench({ members: [{ id: 'b' }], up: false, limits: { expectedBlock: SIZE } })
    b.engine.put({ t: 'up', member: 'b', capacity: { wants: 64, standing: 0 } })
    b.flush()

    for (let i = 0; i < 20; i++) {
      b.want(`crowd ${i}`, ...blocks(1000 * (i + 1), 100).map(block => entry(block, { wantType: 'have' })))
    }

    let next = 0

    return {
      b,
      dontHave (count) {
        for (const end = next + count; next < end; next++) {
          b.put({ t: 'answer', member: 'b', key: b.asks[next].want.key, answer: 'dont-have' })
        }
      }
    }
  }

  it('does not make a client that wants little wait for many that want much', () => {
    const { b, dontHave } = crowded()
    // all of them have had their first round
    dontHave(400)

    for (let i = 0; i < 8; i++) {
      const little = testBlock(i, SIZE)
      b.want('little', entry(little, { wantType: 'have' }))
      dontHave(1)
      expect(b.askedFor(little), `its want number ${i}`).to.deep.equal(['b'])
      dontHave(10)
    }
  })

  it('does not make a client that wants little wait for the first rounds of many that joined just before', () => {
    const { b, dontHave } = crowded()
    const little = testBlock(0, SIZE)
    b.want('little', entry(little, { wantType: 'have' }))
    let turns = 0

    for (; b.askedFor(little).length === 0; turns++) {
      dontHave(1)
      b.flush()
    }

    // one for each of those that have not begun, where their rounds are sixteen
    expect(turns).to.be.at.most(20)
  })

  it('gives a client that wants one block after another no more than one round in a cycle', () => {
    const { b, dontHave } = crowded()
    // all of them have had their first round
    dontHave(400)
    const before = b.asks.length

    for (let i = 0; b.asks.length < before + 672; i++) {
      b.want('little', entry(testBlock(i, SIZE), { wantType: 'have' }))
      dontHave(1)
    }

    const { little, ...others } = asked({ ...b, asks: b.asks.slice(before) })
    // 672 wants are two cycles of 21 clients
    expect(little).to.be.within(16, 3 * 16)
    expect(Math.min(...Object.values(others))).to.be.at.least(16)
  })

  it('charges a want-have as much as a small block', () => {
    const b = twoMembers()
    b.want('p', ...blocks(0, 200).map(block => entry(block, { wantType: 'have' })))
    b.want('q', ...blocks(1000, 200).map(block => entry(block)))
    givePlaces(b, 80)
    const { p, q } = asked(b)
    expect(p).to.be.within((p + q) / 2 - 16, (p + q) / 2 + 16)
  })
})

describe('engine: the part of its client\'s window that an attempt had reserved', () => {
  const limits = { expectedBlock: SIZE, unsentPerClient: 2.5 * SIZE, inFlightPerClient: 2.5 * SIZE }
  const [first, second, third] = blocks(0, 3)

  /** A client with two wants open at `a`, as many as its window takes, and a third that waits. */
  function full (): Bench {
    const b = bench({ members: [{ id: 'a' }], limits: { ...limits, tries: 1 } })
    b.want('p', entry(first), entry(second), entry(third))
    expect(b.askedFor(third)).to.be.empty()

    return b
  }

  for (const [what, end] of Object.entries<(b: Bench) => void>({
    'the member does not have the block': b => { b.answer('a', first, 'dont-have') },
    'the member cannot tell': b => { b.answer('a', first, 'unknown') },
    'the member failed': b => { b.answer('a', first, 'failed') },
    'the want is cancelled': b => { b.want('p', entry(first, { cancel: true })) },
    'the block came and was taken': b => {
      b.block('a', first)
      b.take('p')
    }
  })) {
    it(`is used in the same flush for waiting wants: ${what}`, () => {
      const b = full()
      end(b)
      expect(b.askedFor(third)).to.deep.equal(['a'])
    })
  }

  it('is used for waiting wants also when the attempt is charged to another client', () => {
    const b = bench({ members: [{ id: 'a' }], limits })
    b.want('p', entry(first), entry(second), entry(third))
    b.want('q', entry(first))
    b.want('p', entry(first, { cancel: true }))
    expect(b.askedFor(third)).to.deep.equal(['a'])
    expect(b.askedFor(first)).to.deep.equal(['a'])
    expect(b.cancels).to.be.empty()
  })
})

describe('engine: the bytes that may be in flight from all members', () => {
  it('are used for fetches that wait at another member, too, when some are freed', () => {
    const b = bench({ limits: { expectedBlock: SIZE, inFlight: 2 * SIZE } })
    const [moving, first, second] = blocks(0, 3)
    b.want('q', entry(moving))
    b.want('p', entry(first))
    b.answer('a', moving, 'dont-have')
    b.want('p', entry(second))
    // `b` has places and bytes of its own, but no more may be on its way
    b.answer('b', moving, 'failed')
    expect(b.engine.status().members.map(({ load }) => load.bytes)).to.deep.equal([2 * SIZE, 0])
    b.engine.put({ t: 'down', member: 'b' })
    b.engine.put({ t: 'up', member: 'b' })
    b.flush()
    const before = b.askedFor(moving).length
    expect(b.engine.status().members[1].load.bytes).to.equal(0)
    b.block('a', first)
    expect(b.askedFor(moving).length).to.equal(before + 1)
    expect(b.askedFor(moving).at(-1)).to.equal('b')
  })

  it('hold up no HAVE once the block that waited for them is no longer wanted', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: SIZE, minBytesPerMember: SIZE, maxBytesPerMember: SIZE } })
    const [open, waiting, presence] = blocks(500, 3)
    b.want('p', entry(open))
    b.want('q', entry(waiting))
    b.want('q', entry(presence, { wantType: 'have' }))
    expect(b.askedFor(waiting)).to.be.empty()
    b.want('q', entry(waiting, { cancel: true }))
    expect(b.askedFor(presence)).to.deep.equal(['a'])
  })
})
