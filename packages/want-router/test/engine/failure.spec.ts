import { cidPrefix } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

describe('engine: failures of members', () => {
  const block = testBlock(1)

  it('a member that is killed while it sends: others are asked at once for what it owed, and no want is lost', () => {
    const b = bench()
    const blocks = new Array(100).fill(0).map((_, i) => testBlock(i))
    b.want('p', ...blocks.map(block => entry(block)))
    b.block('a', blocks[0])
    b.engine.put({ t: 'down', member: 'a' })
    b.flush()

    for (const block of blocks.slice(1)) {
      expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
      b.block('b', block)
    }

    expect(b.take('p').blocks).to.have.length(100)
    expect(b.cancels).to.be.empty()
  })

  it('a member that hangs: another is asked for each want after the timeout', () => {
    const b = bench()
    b.want('p', entry(block))
    b.pass(2900)
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.pass(200)
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    expect(b.cancels).to.be.empty()
    b.block('b', block)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
  })

  it('a member that hangs with much open is ejected after a few timeouts, and others are asked for the rest without waiting', () => {
    const b = bench()
    const blocks = new Array(100).fill(0).map((_, i) => testBlock(i))
    b.want('p', ...blocks.map(block => entry(block)))
    b.pass(3100)
    expect(b.engine.status().members[0]).to.include({ state: 'ejected' })
    expect(blocks.filter(block => b.askedFor(block).includes('b')).length).to.equal(100)
  })

  it('a member that answers other wants has more time, but not for ever', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.want('p', entry(block))

    for (let i = 2; i < 22; i++) {
      b.pass(490)
      b.want('p', entry(testBlock(i)))
      b.block('a', testBlock(i))
    }

    expect(b.engine.status().members[0].totals.timeouts).to.equal(0)
    b.pass(400)
    expect(b.engine.status().members[0].totals.timeouts).to.equal(1)
  })

  it('a member that has become slow gets no more than three of the longest timeouts for a want', () => {
    const b = bench()
    let asked = 1000

    /** Each answer keeps the other wants from timing out. */
    const answerOther = (): void => {
      const other = testBlock(asked++)
      b.want('q', entry(other))
      b.pass(1000)
      b.answer('a', other, 'dont-have')
      b.answer('b', other, 'dont-have')
    }

    for (let i = 2; i < 12; i++) {
      b.want('p', entry(testBlock(i)), entry(testBlock(100 + i)))

      for (let second = 0; second < 9; second++) {
        answerOther()
      }

      b.block('a', testBlock(i))
      b.block('a', testBlock(100 + i))
    }

    expect(b.engine.status().members[0].latency).to.be.above(8000)
    b.want('p', entry(block))

    for (let second = 0; second < 31; second++) {
      answerOther()
    }

    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })

  it('a late block is still delivered', () => {
    const b = bench()
    b.want('p', entry(block))
    b.pass(3100)
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['b'])
  })

  it('members whose processes were suspended for longer than all tries deliver as soon as they resume', () => {
    const b = bench()
    b.want('p', entry(block))
    b.pass(6500)
    expect(b.engine.status()).to.include({ active: 0, wants: 1 })
    b.block('b', block)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('answers after a timeout count as if they had come in time', () => {
    const b = bench()
    b.want('p', entry(block))
    b.pass(6500)
    b.answer('a', block, 'dont-have')
    expect(b.take('p').presences).to.be.empty()
    b.answer('b', block, 'dont-have')
    expect(b.take('p').presences).to.have.length(1)
  })

  it('the silence of a member that does not support DONT_HAVE is not a failure, and not a DONT_HAVE', () => {
    const b = bench({ up: false })
    b.engine.put({ t: 'up', member: 'a', capacity: { supportsDontHave: false } })
    b.engine.put({ t: 'up', member: 'b' })

    for (let i = 0; i < 20; i++) {
      b.want('p', entry(testBlock(i)))
    }

    b.pass(3500)

    for (let i = 0; i < 20; i++) {
      b.answer('b', testBlock(i), 'dont-have')
    }

    expect(b.engine.status().members[0]).to.include({ state: 'up' })
    expect(b.engine.status().members[0].totals).to.include({ failures: 0, timeouts: 0 })
    expect(b.take('p').presences).to.be.empty()
  })

  it('a want that failed everywhere is asked again soon, then less and less often', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { tries: 1 } })
    b.want('p', entry(block))
    const asked: number[] = []

    for (let second = 0; second < 120; second++) {
      const before = b.asks.length
      b.pass(1000)

      if (b.asks.length > before) {
        asked.push(second)
        b.answer('a', block, 'failed')
      }
    }

    expect(asked.length).to.be.within(5, 9)
    expect(asked[0]).to.be.at.most(6)
    expect(asked.at(-1)).to.be.greaterThan(60)
  })

  it('a want that timed out is asked again after a while, of a member that may have forgotten it', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.want('p', entry(block))
    b.pass(60_000)
    expect(b.askedFor(block).length).to.be.greaterThan(1)
    b.want('p', entry(block, { cancel: true }))
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
    expect(b.cancels.at(-1)?.member).to.equal('a')
  })

  it('only failures count as tries: after three the want is exhausted, and continues when a member recovers', () => {
    const b = bench({ members: [1, 2, 3, 4].map(i => ({ id: `m${i}` })) })
    b.want('p', entry(block))
    b.answer('m1', block, 'failed')
    b.pass(1100)
    b.answer('m2', block, 'failed')
    b.pass(1100)
    b.answer('m3', block, 'failed')
    b.pass(500)
    expect(b.askedFor(block)).to.deep.equal(['m1', 'm2', 'm3'])
    expect(b.take('p').presences).to.be.empty()
    b.engine.put({ t: 'down', member: 'm1' })
    b.engine.put({ t: 'up', member: 'm1' })
    b.flush()
    expect(b.askedFor(block)).to.deep.equal(['m1', 'm2', 'm3', 'm1'])
  })

  it('a member that was not asked before the tries were used up is asked next', () => {
    const b = bench({ members: [1, 2, 3, 4].map(i => ({ id: `m${i}` })) })
    b.want('p', entry(block))

    for (const member of ['m1', 'm2', 'm3']) {
      b.answer(member, block, 'failed')
      b.pass(1100)
    }

    b.pass(3000)
    expect(b.askedFor(block)).to.deep.equal(['m1', 'm2', 'm3', 'm4'])
  })

  it('a retry budget that is used up delays retries and drops no want', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { ejectAfter: 1000 } })
    const blocks = new Array(60).fill(0).map((_, i) => testBlock(i))
    b.want('p', ...blocks.map(block => entry(block)))

    for (const block of blocks) {
      b.answer('a', block, 'failed')
    }

    const atOnce = blocks.filter(block => b.askedFor(block).includes('b')).length
    expect(atOnce).to.be.lessThan(30)

    for (let s = 0; s < 10; s++) {
      b.pass(1000)

      for (const block of blocks) {
        if (b.askedFor(block).at(-1) === 'b') {
          b.block('b', block)
        }
      }
    }

    expect(b.take('p').blocks).to.have.length(60)
  })

  it('ejects a member after five failures in a row, but never the last', () => {
    const b = bench()

    for (let i = 0; i < 10; i++) {
      b.want('p', entry(testBlock(i)))
      b.answer('a', testBlock(i), 'failed')
      b.pass(1100)
      b.answer('b', testBlock(i), 'failed')
    }

    expect(b.engine.status().members.map(({ state }) => state)).to.have.members(['ejected', 'up'])
  })

  it('an ejected member returns after 30 s, with little weight at first', () => {
    const b = bench()

    for (let i = 0; i < 5; i++) {
      b.want('p', entry(testBlock(i)))
      b.answer('a', testBlock(i), 'failed')
    }

    expect(b.engine.status().members[0]).to.include({ state: 'ejected' })
    b.pass(29_000)
    expect(b.engine.status().members[0]).to.include({ state: 'ejected' })
    b.pass(2000)
    const [a] = b.engine.status().members
    expect(a).to.include({ state: 'up' })
    expect(a.weight).to.be.lessThan(0.3)
    b.pass(12_000)
    expect(b.engine.status().members[0].weight).to.equal(1)
  })

  it('a flapping member is ejected', () => {
    const b = bench()

    for (let i = 0; i < 3; i++) {
      b.engine.put({ t: 'down', member: 'a' })
      b.pass(1000)
      b.engine.put({ t: 'up', member: 'a' })
      b.flush()
    }

    b.want('p', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('an ejected member is not asked just because healthy members have no capacity', () => {
    const b = bench({ limits: { wantsPerMember: 5 } })

    for (let i = 10; i < 15; i++) {
      b.want('p', entry(testBlock(i)))
    }

    for (let i = 10; i < 15; i++) {
      b.answer('a', testBlock(i), 'failed')
    }

    expect(b.engine.status().members[0]).to.include({ state: 'ejected' })

    for (let i = 20; i < 30; i++) {
      b.want('p', entry(testBlock(i)))
    }

    expect(b.engine.status().members.map(({ load }) => load.wants)).to.deep.equal([0, 5])
  })

  it('ejected members are asked before any DONT_HAVE is sent', () => {
    const b = bench()

    for (let i = 10; i < 15; i++) {
      b.want('p', entry(testBlock(i)))
      b.answer('a', testBlock(i), 'failed')
    }

    b.want('q', entry(block))
    b.answer('b', block, 'dont-have')
    expect(b.askedFor(block)).to.deep.equal(['b', 'a'])
    expect(b.take('q').presences).to.be.empty()
    b.answer('a', block, 'dont-have')
    expect(b.take('q').presences).to.have.length(1)
  })

  it('a member that sends wrong bytes is ejected for its share of unsolicited blocks, and others are asked for its wants', () => {
    const b = bench()
    const blocks = new Array(50).fill(0).map((_, i) => testBlock(i))
    b.want('p', ...blocks.map(block => entry(block)))

    for (let i = 0; i < 50; i++) {
      b.block('a', testBlock(1000 + i))
    }

    expect(b.engine.status().members[0]).to.include({ state: 'ejected' })

    for (const block of blocks) {
      b.block('b', block)
    }

    expect(b.take('p').blocks).to.have.length(50)
    expect(b.engine.status().members[0].totals.unsolicited).to.equal(50)
  })

  it('blocks that cross a cancel do not count against a member', () => {
    const b = bench()

    for (let i = 0; i < 100; i++) {
      b.want('p', entry(testBlock(i)))
      b.want('p', entry(testBlock(i), { cancel: true }))
      b.block('a', testBlock(i))
    }

    expect(b.engine.status().members[0]).to.include({ state: 'up' })
    expect(b.engine.status().members[0].totals.unsolicited).to.equal(0)
  })

  describe('a member that only sends answers that it was not asked for', () => {
    /** Says something every 100 ms. */
    function babble (b: Bench, ms: number, say: (n: number) => void): void {
      for (let n = 0; n < ms / 100; n++) {
        b.pass(100)
        say(n)
      }
    }

    for (const [what, say] of Object.entries({
      'unsolicited presences': (b: Bench, n: number) => { b.answer('a', testBlock(5000 + n), 'dont-have') },
      'answers that it gave before': (b: Bench) => { b.answer('a', testBlock(4999), 'dont-have') },
      'unsolicited blocks': (b: Bench, n: number) => { b.block('a', testBlock(5000 + n)) }
    })) {
      it(`gets no more time because of ${what}`, () => {
        const b = bench()
        b.want('q', entry(testBlock(4999)))
        b.answer('a', testBlock(4999), 'dont-have')
        const wanted = Array.from({ length: 8 }, (_, i) => testBlock(100 + i))
        b.want('p', ...wanted.map(block => entry(block)))
        babble(b, 4000, n => { say(b, n) })
        expect(b.engine.status().members[0].state).to.equal('ejected')
        expect(wanted.filter(block => b.askedFor(block).includes('b'))).to.have.length(8)
      })
    }

    it('is ejected for presences, too, and its session ends', () => {
      const b = bench()
      b.want('p', entry(testBlock(100)))
      babble(b, 2000, n => { b.answer('a', testBlock(5000 + n), 'have') })
      expect(b.engine.status().members[0]).to.include({ state: 'ejected', why: 'sends blocks or presences that it was not asked for' })
      expect(b.engine.status().members[0].totals.unsolicited).to.be.above(16)
      expect(new Set(b.resets)).to.deep.equal(new Set(['a']))
    })

    it('once ejected, only what it owes is worth hashing', () => {
      const b = bench()
      const prefix = cidPrefix(testBlock(1).cid)
      expect(b.engine.expects('a', prefix)).to.equal(true)
      babble(b, 2000, n => { b.block('a', testBlock(5000 + n)) })
      expect(b.engine.status().members[0].state).to.equal('ejected')
      expect(b.engine.expects('a', prefix)).to.equal(false)
      expect(b.engine.expects('b', prefix)).to.equal(true)

      // no other member has the block, so the ejected one is asked
      b.want('p', entry(testBlock(1)))
      b.answer('b', testBlock(1), 'dont-have')
      expect(b.askedFor(testBlock(1))).to.deep.equal(['b', 'a'])
      expect(b.engine.expects('a', prefix)).to.equal(true)
      expect(b.engine.expects('a', new Uint8Array([1, 0x71, 0x12, 0x20]))).to.equal(true, 'the codec is the client\'s word')
      expect(b.engine.expects('a', new Uint8Array([1, 0xa9, 0x02, 0x12, 0x20]))).to.equal(true, 'a codec of two bytes')
      expect(b.engine.expects('a', new Uint8Array([1, 0x55, 0x13, 0x40]))).to.equal(false)
    })

    it('late answers to what it was asked do not count against a member', () => {
      const b = bench()

      for (let i = 0; i < 100; i++) {
        b.want('p', entry(testBlock(i), { wantType: 'have' }))
        b.want('p', entry(testBlock(i), { cancel: true }))
        b.answer('a', testBlock(i), 'have')
      }

      expect(b.engine.status().members[0].totals).to.include({ unsolicited: 0, ejections: 0 })
    })
  })
})
