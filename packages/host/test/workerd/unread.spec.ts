import { mock } from 'node:test'
import { expect } from 'aegir/chai'
import { createUnreadTotal, MAX_UNREAD, MAX_UNREAD_TOTAL, MIN_UNREAD } from '../../src/workerd/unread-total.ts'
import { boundMuxer, MAX_ANSWERS, MAX_FRAME } from '../../src/workerd/unread.ts'
import { DATA, PING, SYN, WINDOW_UPDATE } from '../../src/yamux-frames.ts'
import { refuseToWarn } from '../support/hosts.ts'
import type { YamuxFrame, YamuxHeader } from '../../src/yamux-frames.ts'
import type { MessageStream, StreamMuxer } from '@libp2p/interface'

const ACK = 2

interface Harness {
  /** Sends as a stream does; false if streams are to wait. */
  send (length: number): boolean
  /** The peer answers a ping. */
  answer (number: number): void
  /** The peer sends a ping. */
  ping (number: number): void
  /** The peer opens the window of the stream, or sends it another frame. */
  frame (type: number, length: number, flag?: number): void
  /** What the stream sends at a time. */
  frameLength (): number
  /** The numbers of the pings that were sent. */
  readonly pings: readonly number[]
  /** What the one stream of the muxer was told. */
  readonly told: readonly string[]
  /** Pings and answers that were left to yamux. */
  readonly left: readonly YamuxHeader[]
  readonly aborted: readonly Error[]
  close (): void
}

function harness (total = createUnreadTotal()): Harness {
  const pings: number[] = []
  const told: string[] = []
  const left: YamuxHeader[] = []
  const aborted: Error[] = []
  const events = new EventTarget()
  const stream = { streamId: 2, maxMessageSize: 1, onMuxerNeedsDrain: () => { told.push('wait') }, onMuxerDrain: () => { told.push('go on') } }
  const muxer = {
    streams: [stream],
    send: (_: Uint8Array) => true,
    sendPing (number: number) {
      pings.push(number)
      muxer.send(new Uint8Array(12))
    },
    handlePing (header: YamuxHeader) { left.push(header) },
    handleStreamMessage ({ header: { type, length } }: YamuxFrame) {
      told.push(type === WINDOW_UPDATE ? `window ${length}` : 'data')
      stream.maxMessageSize = length
    }
  }
  const connection = Object.assign(events, { status: 'open', abort: (err: Error) => { aborted.push(err) } })
  boundMuxer(muxer as unknown as StreamMuxer, connection as unknown as MessageStream, refuseToWarn, total)

  return {
    pings,
    told,
    left,
    aborted,
    send: length => muxer.send(new Uint8Array(length)),
    answer: number => { muxer.handlePing({ type: PING, flag: ACK, streamID: 0, length: number }) },
    ping: number => { muxer.handlePing({ type: PING, flag: SYN, streamID: 0, length: number }) },
    frame: (type, length, flag = 0) => { muxer.handleStreamMessage({ header: { type, flag, streamID: 2, length } }) },
    frameLength: () => stream.maxMessageSize,
    close: () => { events.dispatchEvent(new Event('close')) }
  }
}

describe('what a peer has not read', () => {
  beforeEach(() => { mock.timers.enable({ apis: ['setTimeout'] }) })

  afterEach(() => { mock.timers.reset() })

  it('is bounded: streams wait until the peer answers a ping that came after it', () => {
    const { send, answer, pings, told, close } = harness()
    expect(send(MAX_UNREAD / 2)).to.equal(true)
    expect(send(MAX_UNREAD / 2)).to.equal(false)
    expect(told[0]).to.equal('wait')
    expect(send(1)).to.equal(false)

    answer(pings[0])
    expect(told.at(-1)).to.equal('go on')
    expect(send(1)).to.equal(true)
    close()
  })

  it('is not bounded for a peer that answers', () => {
    const { send, answer, pings, told } = harness()

    for (let i = 0; i < 100; i++) {
      expect(send(MAX_UNREAD / 2)).to.equal(true)
      answer(pings[i])
    }

    expect(told).to.deep.equal([])
  })

  it('is not taken for read by a number that the peer guesses, nor twice by one answer', () => {
    const { send, answer, pings, told, left, close } = harness()
    send(MAX_UNREAD)
    answer(pings[0] - 1)
    answer(pings[0] + 1)
    expect(told).to.not.include('go on')

    answer(pings[0])
    answer(pings[0])
    expect(left).to.have.length(0)
    expect(send(MAX_UNREAD)).to.equal(false)
    close()
  })

  it('leaves pings of the peer to yamux, and answers to those of yamux', () => {
    const { send, answer, ping, pings, told, left, close } = harness()
    send(MAX_UNREAD)
    ping(pings[0])
    answer(0)
    expect(told).to.not.include('go on')
    expect(left).to.have.length(2)
    close()
  })

  it('does not grow when the peer opens windows: they open once its streams may send again', () => {
    const { send, answer, frame, pings, told, close } = harness()
    frame(WINDOW_UPDATE, 1)
    expect(told).to.deep.equal(['window 1'])
    send(MAX_UNREAD)
    frame(WINDOW_UPDATE, 10)
    frame(WINDOW_UPDATE, 20)
    frame(DATA, 5)
    expect(told.at(-1)).to.equal('data')

    answer(pings[0])
    expect(told.slice(-2)).to.deep.equal(['window 30', 'go on'])
    send(MAX_UNREAD)
    answer(pings[1])
    expect(told.filter(each => each.startsWith('window'))).to.deep.equal(['window 1', 'window 30'])
    close()
  })

  it('is sent in short frames, however wide the peer opens the window', () => {
    const { frame, frameLength } = harness()
    frame(WINDOW_UPDATE, 100)
    expect(frameLength()).to.equal(100)
    frame(WINDOW_UPDATE, 1 << 30)
    expect(frameLength()).to.equal(MAX_FRAME)
  })

  it('ends the connection of a peer that keeps sending data that has to be answered', () => {
    const { send, aborted, close } = harness()
    send(MAX_UNREAD)
    send(MAX_ANSWERS - 100)
    expect(aborted).to.have.length(0)
    send(100)
    expect(aborted[0].name).to.equal('FloodError')
    close()
  })

  it('is bounded more tightly for each peer the more peers there are, down to a minimum', () => {
    const total = createUnreadTotal()
    const peers = Array.from({ length: 200 }, () => harness(total))

    for (const { send } of peers) {
      while (send(MAX_FRAME)) {
        // until its streams wait
      }
    }

    expect(total.bytes).to.be.within(MAX_UNREAD_TOTAL / 2, MAX_UNREAD_TOTAL + peers.length * (MIN_UNREAD + MAX_FRAME))
    peers.forEach(({ close }) => { close() })
    expect(total.bytes).to.equal(0)
  })

  it('may grow again once other peers have read, which each connection notices by its own timer', () => {
    const total = createUnreadTotal()
    const [one, ...others] = Array.from({ length: MAX_UNREAD_TOTAL / MAX_UNREAD + 1 }, () => harness(total))
    others.forEach(({ send }) => send(MAX_UNREAD))
    expect(one.send(MIN_UNREAD)).to.equal(false)
    others.forEach(({ close }) => { close() })
    expect(one.told.at(-1)).to.equal('wait')

    mock.timers.tick(1_000)
    expect(one.told.at(-1)).to.equal('go on')
    expect(one.send(MIN_UNREAD)).to.equal(true)
    one.close()
  })

  it('is measured by the first of many pings if the line is slow, and late answers to others break nothing', () => {
    const { send, answer, pings, told, left, aborted, close } = harness()
    send(MAX_UNREAD)

    for (let second = 0; second < 60; second++) {
      mock.timers.tick(1_000)
    }

    expect(pings).to.have.length(61)
    answer(pings[0])
    expect(told.at(-1)).to.equal('go on')
    pings.slice(1).forEach(answer)
    expect(left).to.have.length(0)
    expect(aborted).to.have.length(0)
    close()
  })

  it('is measured even if the peer has read everything and is sent no more', () => {
    const total = createUnreadTotal()
    const { send, answer, pings, close } = harness(total)
    send(MAX_UNREAD / 4)
    expect(pings).to.have.length(0)
    mock.timers.tick(1_000)
    answer(pings[0])
    expect(total.bytes).to.be.below(100)
    close()
  })

  it('says so if the fields of yamux are not where they were', () => {
    const missing: string[] = []
    boundMuxer({} as unknown as StreamMuxer, new EventTarget() as unknown as MessageStream, (_, what) => { missing.push(what) })
    expect(missing).to.have.length(1)
  })
})
