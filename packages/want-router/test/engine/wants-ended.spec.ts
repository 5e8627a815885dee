import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'
import type { WantEnd } from '../../src/engine/status.ts'

const block = testBlock(1)
const blocks = (from: number, count: number): TestBlock[] => Array.from({ length: count }, (_, i) => testBlock(from + i))

/** A bench with one member that records ended wants. */
function ending (init: Parameters<typeof bench>[0] = {}): { b: Bench, ends: WantEnd[], flush (): void } {
  const ends: WantEnd[] = []
  const b = bench({ members: [{ id: 'a' }], ...init })
  const { flush } = b.engine
  b.engine.flush = out => { flush({ ...out, ended (more) { ends.push(...more) } }) }

  return { b, ends, flush: b.flush }
}

const of = (ends: readonly WantEnd[]): string[] => ends.map(({ client, outcome }) => `${client} ${outcome}`)

describe('engine: how a want ended is reported once, when it ends', () => {
  it('a block: which member sent it, and how long it took', () => {
    const { b, ends } = ending()
    b.want('p', entry(block))
    b.now += 7
    b.want('q', entry(block, { cid: block.v0 }))
    b.now += 5
    expect(ends).to.be.empty()
    b.block('a', block)
    expect(ends).to.have.deep.members([
      { client: 'p', cid: block.cid, type: 'block', outcome: 'block', verdict: undefined, bytes: block.bytes.byteLength, member: 'a', ms: 12, firstAnswerMs: 12, blockMs: 12 },
      { client: 'q', cid: block.v0, type: 'block', outcome: 'block', verdict: undefined, bytes: block.bytes.byteLength, member: 'a', ms: 5, firstAnswerMs: 5, blockMs: 5 }
    ])
    b.want('p', entry(block, { cancel: true }))
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(ends).to.have.length(2)
  })

  it('a block after a HAVE, which was the first answer', () => {
    const { b, ends } = ending()
    b.want('p', entry(block, { wantType: 'have' }))
    b.now += 3
    b.answer('a', block, 'have')
    b.now += 10
    b.want('p', entry(block))
    b.now += 4
    b.block('a', block)
    expect(ends).to.have.length(1)
    expect(ends[0]).to.include({ type: 'block', outcome: 'block', ms: 17, firstAnswerMs: 3, blockMs: 4 })
  })

  it('a block: the time since the client first asked, though it asked again, and though it asked for a HAVE', () => {
    const { b, ends } = ending({ limits: { inlineBlock: 4096 } })
    b.want('p', entry(block))
    b.want('q', entry(block, { wantType: 'have' }))
    b.now += 3
    b.want('p', entry(block))
    b.now += 4
    b.block('a', block)
    expect(ends.map(({ type, blockMs }) => ({ type, blockMs }))).to.have.deep.members([{ type: 'block', blockMs: 7 }, { type: 'have', blockMs: 7 }])
  })

  it('a block that the CID contains', () => {
    const { b, ends } = ending()
    b.want('p', entry(block, { cid: Uint8Array.of(1, 0x55, 0, 3, 1, 2, 3) }))
    expect(ends).to.have.length(1)
    expect(ends[0]).to.include({ outcome: 'block', bytes: 3, member: undefined, ms: 0 })
  })

  for (const [outcome, answer, sendDontHave] of [['have', 'have', true], ['dont-have', 'dont-have', true], ['cancelled', 'dont-have', false], ['cancelled', undefined, true]] as const) {
    it(`${outcome}, if the client got ${sendDontHave ? answer ?? 'nothing' : 'nothing, and asked for no DONT_HAVE'}`, () => {
      const { b, ends } = ending()
      b.want('p', entry(block, { wantType: 'have', sendDontHave }))
      b.now += 3

      if (answer != null) {
        b.answer('a', block, answer)
      }

      b.now += 10
      expect(ends).to.be.empty()
      b.want('p', entry(block, { cancel: true }))
      expect(of(ends)).to.deep.equal([`p ${outcome}`])
      expect(ends[0]).to.include({ type: 'have', bytes: 0, member: undefined, ms: 13, firstAnswerMs: outcome === 'cancelled' ? undefined : 3, blockMs: undefined })
    })
  }

  it('cancelled, if a full list does not name it', () => {
    const { b, ends } = ending()
    b.want('p', entry(block), entry(testBlock(2)))
    b.engine.put({ t: 'message', client: 'p', wants: [entry(block)], full: true })
    b.flush()
    expect(ends.map(({ cid, outcome }) => ({ cid, outcome }))).to.deep.equal([{ cid: testBlock(2).cid, outcome: 'cancelled' }])
  })

  it('evicted for another want, or refused', () => {
    const { b, ends } = ending({ limits: { wantsPerClient: 2 } })
    const [low, high, higher, lowest] = blocks(10, 4)
    b.want('p', entry(low, { priority: 2 }), entry(high, { priority: 5 }))
    b.want('p', entry(higher, { priority: 9 }))
    b.want('p', entry(lowest, { priority: 1 }))
    expect(ends.map(({ cid, outcome }) => ({ cid, outcome }))).to.deep.equal([{ cid: low.cid, outcome: 'evicted' }, { cid: lowest.cid, outcome: 'refused' }])
    expect(b.engine.status().wants).to.equal(2)
  })

  it('refused if one list names more than a client may have, and evicted if the client had it', () => {
    const { b, ends } = ending({ limits: { wantsPerClient: 2 } })
    const [low, high, higher, lowest] = blocks(10, 4)
    b.want('p', entry(low), entry(lowest))
    b.want('p', entry(high, { priority: 5 }), entry(higher, { priority: 9 }), entry(low, { priority: 2 }))
    expect(ends.map(({ cid, outcome }) => ({ cid, outcome }))).to.deep.equal([{ cid: low.cid, outcome: 'evicted' }, { cid: lowest.cid, outcome: 'evicted' }])
    b.engine.put({ t: 'message', client: 'p', wants: [low, lowest, high].map((block, i) => entry(block, { priority: 9 - i })), full: true })
    b.flush()
    expect(ends.slice(2).map(({ cid, outcome }) => ({ cid, outcome }))).to.deep.equal([{ cid: high.cid, outcome: 'evicted' }, { cid: higher.cid, outcome: 'cancelled' }])
    b.want('q', entry(low, { priority: 3 }), entry(high, { priority: 2 }), entry(higher, { priority: 1 }), entry(higher, { priority: 1 }))
    expect(ends.slice(4).map(({ cid, outcome }) => ({ cid, outcome }))).to.deep.equal([{ cid: higher.cid, outcome: 'refused' }])
  })

  it('refused one by one; of a list of more than 4,096 wants the rest is counted alone', () => {
    const { b, ends } = ending({ limits: { wantsPerClient: 2 } })
    const list = blocks(10, 5_000)
    b.want('p', ...list.map((block, i) => entry(block, { priority: 5_000 - i })))
    expect(ends.every(({ outcome }) => outcome === 'refused')).to.equal(true)
    expect(ends.map(({ cid }) => cid)).to.deep.equal(list.slice(2, 4_096).map(({ cid }) => cid))
    expect(b.engine.status()).to.deep.include({ wants: 2 })
    expect(b.engine.status().totals.evicted).to.equal(4_998)
  })

  it('expired', () => {
    const { b, ends } = ending({ limits: { wantLifetime: 10_000 } })
    b.want('p', entry(block))
    b.pass(11_000)
    expect(of(ends)).to.deep.equal(['p expired'])
    expect(ends[0].ms).to.be.within(10_000, 11_000)
  })

  it('gone with its client, or with the connection that it came on', () => {
    const { b, ends } = ending()
    b.want('p', entry(block))
    b.want('q', entry(block))
    b.engine.put({ t: 'gone', client: 'q' })
    b.flush()
    expect(of(ends)).to.deep.equal(['q gone'])
    b.engine.put({ t: 'message', client: 'r', wants: [entry(testBlock(2))], full: false, connection: 1 })
    b.engine.put({ t: 'message', client: 'r', wants: [entry(testBlock(3))], full: false, connection: 2 })
    b.engine.put({ t: 'connection', client: 'r', connection: 1, is: 'lost' })
    b.flush()
    expect(of(ends)).to.deep.equal(['q gone', 'r gone'])
    expect(ends[1].cid).to.deep.equal(testBlock(2).cid)
  })

  it('nothing while it is suspended, and then how that ends', () => {
    const { b, ends } = ending()
    const [lost, heard, left] = blocks(20, 3)

    for (const [i, wanted] of [lost, heard, left].entries()) {
      b.engine.put({ t: 'message', client: 'p', wants: [entry(wanted)], full: false, connection: i })
      b.engine.put({ t: 'connection', client: 'p', connection: i, is: 'silent' })
    }

    b.flush()
    expect(ends).to.be.empty()
    b.engine.put({ t: 'connection', client: 'p', connection: 0, is: 'lost' })
    b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'heard' })
    b.flush()
    expect(of(ends)).to.deep.equal(['p gone'])
    b.block('a', heard)
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(of(ends)).to.deep.equal(['p gone', 'p block', 'p gone'])
    expect(ends.map(({ cid }) => cid)).to.deep.equal([lost.cid, heard.cid, left.cid])
  })

  it('gone, if a HAVE had not left when the connection fell silent', () => {
    const { b, ends } = ending()

    for (const [connection, wanted] of [block, testBlock(2)].entries()) {
      b.engine.put({ t: 'message', client: 'p', wants: [entry(wanted, { wantType: 'have' })], full: false, connection })
      b.flush()
      b.answer('a', wanted, 'have')
      b.engine.put({ t: 'connection', client: 'p', connection, is: 'silent' })
    }

    b.engine.put({ t: 'connection', client: 'p', connection: 1, is: 'heard' }) // then it is said
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(of(ends)).to.have.members(['p gone', 'p have'])
  })

  it('have, if one HAVE has left, and another had not when the connection fell silent', () => {
    const { b, ends } = ending()

    const ask = (): void => {
      b.engine.put({ t: 'message', client: 'p', wants: [entry(block, { wantType: 'have' })], full: false, connection: 0 })
      b.flush()
    }

    ask()
    b.answer('a', block, 'have')
    b.take('p')
    ask()
    b.engine.put({ t: 'connection', client: 'p', connection: 0, is: 'silent' })
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(of(ends)).to.deep.equal(['p have'])
  })

  it('only while a listener wants reports, but always to a tap', () => {
    for (const tap of [undefined, () => {}]) {
      let wanted = true
      const { b, ends } = ending({ tap, wantsEnds: () => wanted })

      for (const [client, wants] of [['p', true], ['q', false], ['r', true]] as const) {
        wanted = wants
        b.want(client, entry(block))
        b.want(client, entry(block, { cancel: true }))
      }

      expect(of(ends)).to.deep.equal(tap == null ? ['p cancelled', 'r cancelled'] : ['p cancelled', 'q cancelled', 'r cancelled'])
    }
  })
})
