import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { Verdict } from '../../src/policies/policy.ts'

const block = testBlock(1)
const other = testBlock(2)
const small = testBlock(3, 100)

const policed = (init: Parameters<typeof bench>[0] = {}): Bench => bench({ admission: true, ...init })
const asked = (b: Bench): string[] => b.asked.map(({ client, key, type }) => `${client} ${type} ${name(key)}`)
const name = (key: string): number => [block, other, small].findIndex(each => each.key === key) + 1
const outcomes = (b: Bench): string[] => b.ends.map(({ client, outcome, verdict }) => `${client} ${outcome} ${verdict ?? ''}`.trim())
const presences = (b: Bench, client = 'p'): boolean[] => b.take(client).presences.map(({ have }) => have)

describe('engine: a want waits for its verdict', () => {
  it('before any member is asked, and is asked for when it passes', () => {
    const b = policed()
    b.want('p', entry(block))
    expect(asked(b)).to.deep.equal(['p block 1'])
    expect(b.askedFor(block)).to.be.empty()
    expect(b.engine.status()).to.include({ wants: 1, parked: 1, fetches: 0, active: 1 })
    b.verdict('pass')
    expect(b.askedFor(block)).to.deep.equal(['a'])
    expect(b.engine.status()).to.include({ wants: 1, parked: 0, fetches: 1 })
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('and does not join the fetch of another want meanwhile', () => {
    const b = policed()
    b.want('p', entry(block))
    b.verdict('pass')
    b.want('q', entry(block))
    b.block('a', block)
    expect(b.take('q').blocks).to.be.empty()
    b.verdict('pass')
    expect(b.askedFor(block)).to.deep.equal(['a', 'a'])
  })

  it('but not in an engine without admission', () => {
    const b = bench()
    b.want('p', entry(block))
    expect(b.asked).to.be.empty()
    expect(b.askedFor(block)).to.deep.equal(['a'])
  })

  it('unless its CID contains the block', () => {
    const b = policed()
    b.want('p', entry(block, { cid: Uint8Array.of(1, 0x55, 0, 3, 1, 2, 3) }))
    expect(b.asked).to.be.empty()
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('and its hash function is checked only when it has passed', () => {
    const b = policed({ hashes: [] })
    b.want('p', entry(block))
    expect(presences(b)).to.be.empty()
    b.verdict('pass')
    expect(presences(b)).to.deep.equal([false])
    expect(b.engine.status().totals.unverifiableWants).to.equal(1)
  })
})

describe('engine: a want that a policy refuses ends once, as refused', () => {
  const cases: Array<[Verdict, { sendDontHave?: boolean }, boolean[], boolean]> = [
    ['silent', {}, [], false],
    ['absent', {}, [false], false],
    ['absent', { sendDontHave: false }, [], false],
    ['close', {}, [], true]
  ]

  for (const [verdict, init, said, closes] of cases) {
    it(`${verdict as string}: the client gets ${said.length > 0 ? 'DONT_HAVE' : 'nothing'}${init.sendDontHave === false ? ', as it did not ask for it' : ''}`, () => {
      const b = policed()
      b.want('p', entry(block, init), entry(other, init))
      b.verdict(verdict, b.asked[0])
      expect(presences(b)).to.deep.equal(said)
      expect(b.closed).to.deep.equal(closes ? ['p'] : [])
      expect(outcomes(b)).to.deep.equal([`p refused ${verdict as string}`])
      expect(b.engine.status()).to.deep.include({ wants: 1, parked: 1 })
      expect(b.engine.status().totals.refused).to.equal(1)
      b.verdict('pass', b.asked[0])
      b.engine.put({ t: 'gone', client: 'p' })
      b.flush()
      expect(b.askedFor(block)).to.be.empty()
      expect(outcomes(b)).to.deep.equal([`p refused ${verdict as string}`, 'p gone'])
    })
  }

  it('a client that a policy closes stays closed, though it takes something at that moment', () => {
    const b = policed()
    b.want('p', entry(block), entry(other, { cid: Uint8Array.of(1, 0x55, 0, 1, 7) }))
    const [{ number, cid }] = b.asked
    b.engine.put({ t: 'verdicts', client: 'p', verdicts: [{ number, cid, verdict: 'close' }] })
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.closed).to.deep.equal(['p'])
  })

  it('and policies are asked again when the client wants it again', () => {
    const b = policed()
    b.want('p', entry(block))
    b.verdict('silent')
    b.want('p', entry(block))
    expect(asked(b)).to.deep.equal(['p block 1', 'p block 1'])
    b.verdict('pass')
    expect(b.askedFor(block)).to.deep.equal(['a'])
  })

  it('and no more DONT_HAVEs wait than fit the window of a client that does not take them', () => {
    const b = policed({ limits: { unsentPerClient: 10_000 } })

    for (let n = 0; n < 500; n++) {
      b.want('p', entry(testBlock(100 + n)))
      b.verdict('absent')
    }

    expect(b.engine.status().unsent).to.be.within(1000, 10_000).and.to.equal(b.engine.unsent)
  })
})

describe('engine: messages about a parked want count in their order', () => {
  const ends: Array<[string, (b: Bench) => void, string]> = [
    ['cancelled', b => { b.want('p', entry(block, { cancel: true })) }, 'p cancelled'],
    ['left out of a full list', b => {
      b.engine.put({ t: 'message', client: 'p', wants: [], full: true })
      b.flush()
    }, 'p cancelled'],
    ['wanted by a client that is gone', b => {
      b.engine.put({ t: 'gone', client: 'p' })
      b.flush()
    }, 'p gone'],
    ['wanted on a connection that is lost', b => {
      b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'lost' })
      b.flush()
    }, 'p gone'],
    ['too old', b => { b.pass(600_000) }, 'p expired']
  ]

  for (const [how, end, outcome] of ends) {
    it(`no member is asked for one that was ${how}, even if it gets a verdict later`, () => {
      const b = policed()
      b.engine.put({ t: 'message', client: 'p', wants: [entry(block)], full: false, connection: 1 })
      b.flush()
      end(b)
      expect(outcomes(b)).to.deep.equal([outcome])
      expect(b.engine.status().parked).to.equal(0)
      b.verdict('pass')
      expect(b.askedFor(block)).to.be.empty()
      expect(outcomes(b)).to.have.length(1)
    })
  }

  it('one that was cancelled and wanted again waits for the later verdict', () => {
    const b = policed()
    b.want('p', entry(block))
    b.want('p', entry(block, { cancel: true }))
    b.want('p', entry(block))
    b.verdict('pass', b.asked[0])
    expect(b.askedFor(block)).to.be.empty()
    b.verdict('pass', b.asked[1])
    expect(b.askedFor(block)).to.deep.equal(['a'])
  })

  it('policies are not asked about one that is cancelled in the tick in which it came', () => {
    const b = policed()
    b.engine.put({ t: 'message', client: 'p', wants: [entry(block), entry(other)], full: false })
    b.want('p', entry(block, { cancel: true }))
    expect(asked(b)).to.deep.equal(['p block 2'])
  })

  it('a full list keeps the wants that it names, without another verdict', () => {
    const b = policed()
    b.want('p', entry(block), entry(other))
    b.engine.put({ t: 'message', client: 'p', wants: [entry(block)], full: true })
    b.flush()
    expect(b.asked).to.have.length(2)
    b.verdict('pass', b.asked[0])
    b.verdict('pass', b.asked[1])
    expect(b.asks.map(({ want }) => want.key)).to.deep.equal([block.key])
  })

  it('one on a connection that falls silent resumes with it, with the verdict that it got meanwhile', () => {
    const b = policed()
    b.engine.put({ t: 'message', client: 'p', wants: [entry(block), entry(other), entry(small)], full: false, connection: 1 })
    b.flush()
    b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'silent' })
    b.flush()
    b.verdict('pass', b.asked[0])
    b.verdict('silent', b.asked[1])
    expect(b.asks).to.be.empty()
    expect(outcomes(b)).to.deep.equal(['p refused silent'])
    b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'heard' })
    b.flush()
    expect(b.asks.map(({ want }) => want.key)).to.deep.equal([block.key])
    b.verdict('pass', b.asked[2])
    expect(b.askedFor(small)).to.deep.equal(['a'])
  })
})

describe('engine: policies decide again', () => {
  it('but not about a repeated want, which is not counted again either', () => {
    const b = policed({ limits: { wantsPerClient: 2 } })
    b.want('p', entry(block), entry(other))
    b.want('p', entry(block), entry(other))
    b.verdict('pass', b.asked[0])
    b.want('p', entry(block))
    expect(asked(b)).to.have.length(2)
    expect(b.engine.status()).to.deep.include({ wants: 2 })
    expect(b.engine.status().totals.evicted).to.equal(0)
  })

  it('parked wants count, and are evicted by priority like any other', () => {
    const b = policed({ limits: { wantsPerClient: 2 } })
    b.want('p', entry(block, { priority: 2 }), entry(other, { priority: 1 }), entry(small, { priority: 0 }))
    expect(asked(b)).to.deep.equal(['p block 1', 'p block 2'])
    b.want('p', entry(small, { priority: 9 }))
    expect(outcomes(b)).to.deep.equal(['p refused', 'p evicted'])
    b.verdict('pass', b.asked[1])
    expect(b.askedFor(other)).to.be.empty()
  })

  for (const verdict of ['pass', 'silent', 'absent'] as const) {
    it(`about an upgrade: ${verdict}`, () => {
      const b = policed()
      b.want('p', entry(block, { wantType: 'have' }))
      b.verdict('pass')
      b.answer('a', block, 'have')
      expect(presences(b)).to.deep.equal([true])
      b.want('p', entry(block))
      b.want('p', entry(block))
      expect(asked(b)).to.deep.equal(['p have 1', 'p block 1'])
      expect(b.asks).to.have.length(1)
      b.verdict(verdict)
      expect(b.asks.slice(1).map(({ want }) => want.type)).to.deep.equal(verdict === 'pass' ? ['block'] : [])
      expect(presences(b)).to.deep.equal([], 'a HAVE is not taken back')
      expect(outcomes(b)).to.deep.equal(verdict === 'pass' ? [] : [`p refused ${verdict}`])
    })
  }

  it('about a parked want-have that becomes a want-block, and the verdict of the want-have no longer counts', () => {
    const b = policed()
    b.want('p', entry(block, { wantType: 'have' }))
    b.want('p', entry(block))
    b.verdict('pass', b.asked[0])
    expect(b.asks).to.be.empty()
    b.verdict('pass', b.asked[1])
    expect(b.asks.map(({ want }) => want.type)).to.deep.equal(['block'])
  })

  it('a want-have is still served while its upgrade waits', () => {
    const b = policed()
    b.want('p', entry(block, { wantType: 'have' }))
    b.verdict('pass')
    b.want('p', entry(block))
    b.answer('a', block, 'have')
    expect(presences(b)).to.deep.equal([true])
    b.verdict('pass')
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('a client that is a member gets no answer before policies have decided', () => {
    const b = policed({ members: [{ id: 'a' }], up: false })
    b.engine.put({ t: 'up', member: 'a', peer: 'p' })
    b.want('p', entry(block))
    expect(presences(b)).to.be.empty()
    b.want('q', entry(block))
    b.engine.put({ t: 'stands-for', client: 'q', of: 'p' })
    b.flush()
    expect(presences(b, 'q')).to.be.empty()
    b.verdict('pass')
    expect(presences(b, 'q')).to.deep.equal([false])
  })
})
