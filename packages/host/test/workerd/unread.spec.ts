import { expect } from 'aegir/chai'
import { boundMuxer, MAX_UNREAD } from '../../src/workerd/unread.ts'
import { PING, SYN } from '../../src/yamux-frames.ts'
import { refuseToWarn } from '../support/hosts.ts'
import type { YamuxHeader } from '../../src/yamux-frames.ts'
import type { MessageStream, StreamMuxer } from '@libp2p/interface'

const ACK = 2

interface Bench {
  /** Sends as a stream does; false if streams are to wait. */
  send (length: number): boolean
  /** The peer answers a ping. */
  answer (number: number): void
  /** The peer sends a ping. */
  ping (number: number): void
  /** The numbers of the pings that were sent. */
  readonly pings: readonly number[]
  /** What the one stream of the muxer was told. */
  readonly told: readonly string[]
  /** Pings and answers that were left to yamux. */
  readonly left: readonly YamuxHeader[]
  readonly aborted: readonly Error[]
  close (): void
}

function bench (): Bench {
  const pings: number[] = []
  const told: string[] = []
  const left: YamuxHeader[] = []
  const aborted: Error[] = []
  const events = new EventTarget()
  const muxer = {
    streams: [{ onMuxerNeedsDrain: () => { told.push('wait') }, onMuxerDrain: () => { told.push('go on') } }],
    send: (_: Uint8Array) => true,
    sendPing (number: number) {
      pings.push(number)
      muxer.send(new Uint8Array(12))
    },
    handlePing (header: YamuxHeader) { left.push(header) }
  }
  const connection = Object.assign(events, { status: 'open', abort: (err: Error) => { aborted.push(err) } })
  boundMuxer(muxer as unknown as StreamMuxer, connection as unknown as MessageStream, refuseToWarn)

  return {
    pings,
    told,
    left,
    aborted,
    send: length => muxer.send(new Uint8Array(length)),
    answer: number => { muxer.handlePing({ type: PING, flag: ACK, streamID: 0, length: number }) },
    ping: number => { muxer.handlePing({ type: PING, flag: SYN, streamID: 0, length: number }) },
    close: () => { events.dispatchEvent(new Event('close')) }
  }
}

describe('what a peer has not read', () => {
  it('is bounded: streams wait until the peer answers a ping that came after it', () => {
    const { send, answer, pings, told, close } = bench()
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
    const { send, answer, pings, told } = bench()

    for (let i = 0; i < 100; i++) {
      expect(send(MAX_UNREAD / 2)).to.equal(true)
      answer(pings[i])
    }

    expect(told).to.deep.equal([])
  })

  it('is not taken for read by a number that the peer guesses, nor twice by one answer', () => {
    const { send, answer, pings, told, left, close } = bench()
    send(MAX_UNREAD)
    answer(0)
    answer(pings[0] + 1)
    expect(left).to.have.length(2)
    expect(told).to.not.include('go on')

    answer(pings[0])
    answer(pings[0])
    expect(left).to.have.length(3)
    expect(send(MAX_UNREAD)).to.equal(false)
    close()
  })

  it('leaves pings of the peer to yamux', () => {
    const { send, ping, pings, told, left, close } = bench()
    send(MAX_UNREAD)
    ping(pings[0])
    expect(told).to.not.include('go on')
    expect(left).to.have.length(1)
    close()
  })

  it('ends the connection of a peer that goes on to send what has to be answered', () => {
    const { send, aborted, close } = bench()
    send(MAX_UNREAD)
    send(MAX_UNREAD - 100)
    expect(aborted).to.have.length(0)
    send(100)
    expect(aborted[0].name).to.equal('FloodError')
    close()
  })

  it('says so if the fields of yamux are not where they were', () => {
    const missing: string[] = []
    boundMuxer({} as unknown as StreamMuxer, new EventTarget() as unknown as MessageStream, (_, what) => { missing.push(what) })
    expect(missing).to.have.length(1)
  })
})
