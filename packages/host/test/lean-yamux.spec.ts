import { expect } from 'aegir/chai'
import { Uint8ArrayList } from 'uint8arraylist'
import { batchSends } from '../src/batched-sends.ts'
import { sendEndsUnhurried, spareWindowUpdates } from '../src/lean-yamux.ts'
import { negotiateAtOnce } from '../src/quick-negotiation.ts'
import { refuseToWarn } from './support/hosts.ts'
import { until } from './support/until.ts'
import type { YamuxMuxer } from '../src/lean-yamux.ts'
import type { NegotiatedMuxer, NegotiatedStream } from '../src/quick-negotiation.ts'
import type { MessageStream } from '@libp2p/interface'

const WINDOW = 1000
const ESTABLISHED = 3

class FakeStream {
  /** The error that opening a stream throws. */
  static failure: Error | undefined
  state = ESTABLISHED
  recvWindow = WINDOW
  recvWindowCapacity = WINDOW
  updates = 0

  abort: (error: Error) => void = err => { throw err }

  sendWindowUpdate (): void {
    if (FakeStream.failure != null) {
      throw FakeStream.failure
    }

    this.updates++
  }
}

describe('window updates of a lean yamux', () => {
  function stream (): FakeStream {
    const muxer = { _newStream: () => new FakeStream(), onData () {}, safeDispatchEvent: () => true }
    spareWindowUpdates(muxer, refuseToWarn)

    return muxer._newStream()
  }

  for (const [left, updates] of [[WINDOW, 0], [501, 0], [500, 1], [0, 1]]) {
    it(`are ${updates === 0 ? 'not ' : ''}sent while the peer may send ${left} bytes of ${WINDOW}`, () => {
      const one = stream()
      one.recvWindowCapacity = left
      one.sendWindowUpdate()

      expect(one.updates).to.equal(updates)
    })
  }

  it('end a stream that cannot be opened because its connection has just closed', () => {
    const one = stream()
    const aborted: Error[] = []
    one.state = 0
    one.abort = err => { aborted.push(err) }
    FakeStream.failure = new Error('closed')

    try {
      one.sendWindowUpdate()
    } finally {
      FakeStream.failure = undefined
    }

    expect(aborted.map(({ message }) => message)).to.deep.equal(['closed'])
  })

  it('open a stream, and are left to yamux while it is paused', () => {
    for (const state of [0, 5]) {
      const one = stream()
      one.state = state
      one.sendWindowUpdate()

      expect(one.updates, String(state)).to.equal(1)
    }
  })

  it('do not acknowledge a stream that a peer has opened before there is something to send', () => {
    const one = stream()
    one.state = 2
    one.sendWindowUpdate()

    expect(one.updates).to.equal(0)
  })
})

describe('what a lean yamux sends', () => {
  const FIN = { flag: 4, length: 0 }
  const FIN_ACK = { flag: 6, length: 0 }
  const WINDOW_UPDATE = { flag: 0, length: 100 }
  let now: Uint8Array[]
  let left: Uint8Array[]
  const header = ({ flag, length }: typeof FIN): Uint8Array => Uint8Array.of(flag, length)

  function muxerOn (connection: MessageStream): { muxer: Required<Pick<YamuxMuxer, 'sendFrame' | 'send'>>, canWait (run: () => void): void } {
    const muxer = {
      sendFrame: (frame: typeof FIN) => muxer.send(header(frame)),
      send (data: Uint8Array | Uint8ArrayList) {
        now.push(data.subarray())

        return connection.send(data)
      }
    }

    return { muxer, canWait: sendEndsUnhurried(muxer, connection, refuseToWarn) }
  }

  function createConnection (): MessageStream {
    return {
      status: 'open',
      writableNeedsDrain: false,
      send (data: Uint8Array | Uint8ArrayList) {
        left.push(data.subarray())

        return true
      },
      close () {}
    } as unknown as MessageStream
  }

  beforeEach(() => {
    now = []
    left = []
  })

  it('leaves in the order of sending, although unhurried data such as the end of a stream waits for the next data', async () => {
    const connection = createConnection()
    batchSends(connection, createConnection())
    const { muxer, canWait } = muxerOn(connection)
    muxer.sendFrame(FIN)
    canWait(() => { muxer.send(Uint8Array.of(7)) })
    expect(now).to.be.empty()
    muxer.sendFrame(WINDOW_UPDATE)
    expect(now).to.deep.equal([header(WINDOW_UPDATE)])
    await new Promise(resolve => { setImmediate(resolve) })
    expect(left.map(data => [...data])).to.deep.equal([[...header(FIN), 7, ...header(WINDOW_UPDATE)]])
  })

  it('leaves even if no data follows', async () => {
    const connection = createConnection()
    batchSends(connection, createConnection())
    muxerOn(connection).muxer.sendFrame(FIN)
    await until(() => left.length > 0)
    expect(left).to.deep.equal([header(FIN)])
  })

  it('does not wait if the end of a stream also acknowledges it, or on a connection without batches', () => {
    const connection = createConnection()
    const { muxer } = muxerOn(connection)
    muxer.sendFrame(FIN_ACK)
    muxer.sendFrame(FIN)
    expect(left).to.deep.equal([header(FIN_ACK), header(FIN)])
  })
})

interface FakeInbound extends NegotiatedStream {
  readonly readBuffer: Uint8ArrayList
  readonly sent: string[]
}

const HANDLED = '/known/1.0.0'

/** Messages of multistream-select, each with its length before it. */
function messages (...texts: string[]): Uint8Array {
  return new TextEncoder().encode(texts.map(text => `${String.fromCharCode(text.length + 1)}${text}\n`).join(''))
}

describe('the protocol of a stream that a peer opens', () => {
  let dispatched: FakeInbound[]

  /** Delivers bytes of one stream in two pieces, cut at a position; the first piece opens the stream. */
  function arrive (bytes: Uint8Array, { cut = bytes.length, status = 'open', remoteWriteStatus = 'writable' } = {}): FakeInbound {
    const sent: string[] = []
    const stream: FakeInbound = {
      protocol: '',
      status,
      remoteWriteStatus,
      readBuffer: new Uint8ArrayList(),
      sent,
      send (data) {
        sent.push(new TextDecoder().decode(data))

        return true
      }
    }
    const muxer: Required<NegotiatedMuxer> = {
      onData () {
        muxer.safeDispatchEvent('stream', { detail: stream })
        expect(dispatched, 'before all has been read').to.be.empty()
        stream.readBuffer.append(bytes.subarray(0, cut), bytes.subarray(cut))
      },
      safeDispatchEvent (type, { detail }) {
        expect(type).to.equal('stream')
        dispatched.push(detail as FakeInbound)

        return true
      }
    }
    const registrar = {
      getHandler (protocol: string) {
        if (protocol !== HANDLED) {
          throw new Error('not handled')
        }
      }
    }
    negotiateAtOnce(muxer, registrar, run => {
      run()
      sent.push('unhurried')
    }, refuseToWarn)
    muxer.onData(bytes)
    expect(dispatched).to.deep.equal([stream])

    return stream
  }

  beforeEach(() => {
    dispatched = []
  })

  it('is negotiated before libp2p hears of the stream, and the data that follows is left to be read', () => {
    const negotiation = messages('/multistream/1.0.0', HANDLED)

    for (let cut = 0; cut <= negotiation.length; cut++) {
      dispatched = []
      const stream = arrive(new Uint8ArrayList(negotiation, Uint8Array.of(1, 2, 3)).subarray(), { cut, remoteWriteStatus: 'closed' })

      expect(stream.protocol).to.equal(HANDLED)
      expect(stream.sent).to.deep.equal([new TextDecoder().decode(negotiation), 'unhurried'])
      expect([...stream.readBuffer.subarray()]).to.deep.equal([1, 2, 3])
    }
  })

  it('is answered at once to a peer that waits for the answer', () => {
    const negotiation = messages('/multistream/1.0.0', HANDLED)

    expect(arrive(negotiation).sent).to.deep.equal([new TextDecoder().decode(negotiation)])
  })

  it('is left to libp2p if it is not handled, not named at once, or named differently', () => {
    for (const bytes of [
      new Uint8Array(),
      messages('/multistream/1.0.0'),
      messages('/multistream/1.0.0', HANDLED).subarray(0, -1),
      messages('/multistream/1.0.0', '/other/1.0.0', HANDLED),
      messages('/multistream/1.0.0', 'ls'),
      messages('/multistream/2.0.0', HANDLED),
      messages(HANDLED),
      new Uint8Array(100)
    ]) {
      dispatched = []
      const stream = arrive(bytes)

      expect(stream.protocol).to.equal('')
      expect(stream.sent).to.be.empty()
      expect(stream.readBuffer.byteLength).to.equal(bytes.length)
    }
  })

  it('is left to libp2p if the stream was reset, or if the peer sends nothing but its negotiation', () => {
    const bytes = messages('/multistream/1.0.0', HANDLED)

    expect(arrive(bytes, { status: 'reset' }).protocol).to.equal('')
    dispatched = []
    expect(arrive(bytes, { remoteWriteStatus: 'closed' }).protocol).to.equal('')
  })
})
