import { encodeFrame, messageLength, MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { compose } from '../../src/network/exchange.ts'
import type { Exchange } from '../../src/network/exchange.ts'
import type { BitswapMessage, MessageBlock, Outgoing, WantEntry } from '@kitsune/bitswap-codec'

const protocol = '/ipfs/bitswap/1.2.0'
const cid = Uint8Array.of(1, 0x55, 0, 1, 1)
const want: WantEntry = { cid, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }
const message: BitswapMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0 }
const blockOf = (bytes: number): MessageBlock => ({ prefix: cid.subarray(0, 4), data: new Uint8Array(bytes) })

interface FakeExchange extends Exchange { queue: Outgoing[], received: number, heard: string[], bounds: number[] }

function fakeExchange (answer: ReturnType<Exchange['receive']> = undefined): FakeExchange {
  const fake: FakeExchange = {
    queue: [],
    received: 0,
    heard: [],
    bounds: [],
    receive () {
      fake.received++

      return answer
    },
    take (_peer, maxBytes) {
      fake.bounds.push(maxBytes)

      return fake.queue.shift()
    },
    came (peer) { fake.heard.push(`${peer} came`) },
    connection (peer, connection, is) { fake.heard.push(`${connection} of ${peer} is ${is}`) },
    gone (peer) { fake.heard.push(`${peer} is gone`) }
  }

  return fake
}

describe('network/exchange', () => {
  describe('a message', () => {
    const held = Promise.resolve()

    for (const [what, one, two, result] of [
      ['is dropped if neither waits for what it brings', false, false, false],
      ['is not dropped if the first waits for it', undefined, false, undefined],
      ['is not dropped if the second waits for it', false, undefined, undefined],
      ['holds the stream for the first', held, false, held],
      ['holds the stream for the second', undefined, held, held]
    ] as const) {
      it(what, () => {
        const [first, second] = [fakeExchange(one), fakeExchange(two)]
        expect(compose(first, second).receive('peer', message, protocol, 0)).to.equal(result)
        expect([first.received, second.received]).to.deep.equal([1, 1])
      })
    }

    it('holds the stream until both have taken it', async () => {
      const slow = Promise.withResolvers<void>()
      let over = false
      const taken = compose(fakeExchange(held), fakeExchange(slow.promise)).receive('peer', message, protocol, 0)
      void Promise.resolve(taken).then(() => { over = true })
      await new Promise(resolve => { setImmediate(resolve) })
      expect(over).to.be.false()
      slow.resolve()
      await taken
    })
  })

  it('both are notified of peers and of their connections', () => {
    const [first, second] = [fakeExchange(), fakeExchange()]
    const both = compose(first, second)
    both.came?.('a')
    both.connection?.('a', 3, 'silent')
    both.gone('a')
    expect(first.heard).to.deep.equal(['a came', '3 of a is silent', 'a is gone'])
    expect(second.heard).to.deep.equal(first.heard)
  })

  describe('what is sent', () => {
    it('comes from one of them while the other has nothing to send', () => {
      const [first, second] = [fakeExchange(), fakeExchange()]
      const both = compose(first, second)
      const [one, two] = [{ wants: [want] }, { presences: [{ cid, have: true }] }]
      first.queue.push(one)
      expect(both.take('peer', 1000, protocol)).to.equal(one)
      second.queue.push(two)
      expect(both.take('peer', 1000, protocol)).to.equal(two)
      expect(both.take('peer', 1000, protocol)).to.be.undefined()
    })

    it('is one message of both, without empty fields', () => {
      const [first, second] = [fakeExchange(), fakeExchange()]
      first.queue.push({ wants: [want] })
      second.queue.push({ blocks: [blockOf(5)] })
      expect(compose(first, second).take('peer', 1000, protocol)).to.deep.equal({ wants: [want], blocks: [blockOf(5)] })
    })

    it('has everything that both have of one kind', () => {
      const [first, second] = [fakeExchange(), fakeExchange()]
      const all = { wants: [want], blocks: [blockOf(5)], presences: [{ cid, have: true }] }
      first.queue.push(all)
      second.queue.push(all)
      expect(compose(first, second).take('peer', 1000, protocol)).to.deep.equal({ wants: [want, want], blocks: [blockOf(5), blockOf(5)], presences: [{ cid, have: true }, { cid, have: true }] })
    })

    it('leaves the second what the first does not use, and at least one item', () => {
      const [first, second] = [fakeExchange(), fakeExchange()]
      const both = compose(first, second)
      first.queue.push({ blocks: [blockOf(600)] }, { blocks: [blockOf(5000)] })
      both.take('peer', 1000, protocol)
      both.take('peer', 1000, protocol)
      expect(second.bounds[0]).to.be.within(300, 400)
      expect(second.bounds[1]).to.equal(1)
    })

    it('never exceeds the longest frame: what does not fit is the next message', () => {
      const [first, second] = [fakeExchange(), fakeExchange()]
      const both = compose(first, second)
      const large = { blocks: [blockOf(MAX_FRAME_LENGTH - 100)] }
      first.queue.push({ wants: Array.from({ length: 100 }, () => want) }, { wants: [want] })
      second.queue.push(large)
      const [wants, blocks, rest] = [both.take('peer', 1000, protocol), both.take('peer', 1000, protocol), both.take('peer', 1000, protocol)]
      expect(wants?.wants).to.have.lengthOf(100)
      expect(wants?.blocks).to.be.undefined()
      expect(blocks).to.equal(large)
      expect(rest).to.deep.equal({ wants: [want] })
      expect(() => encodeFrame(large, protocol)).to.not.throw()
      expect(messageLength(large, protocol)).to.be.at.most(MAX_FRAME_LENGTH)
    })

    it('is forgotten with its peer', () => {
      const [first, second] = [fakeExchange(), fakeExchange()]
      const both = compose(first, second)
      first.queue.push({ wants: [want, want, want, want] })
      second.queue.push({ blocks: [blockOf(MAX_FRAME_LENGTH - 20)] })
      both.take('a', 1000, protocol)
      both.gone('a')
      expect(both.take('a', 1000, protocol)).to.be.undefined()
    })
  })
})
