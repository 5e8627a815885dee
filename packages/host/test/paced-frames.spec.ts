import { mplex } from '@libp2p/mplex'
import { AbstractMultiaddrConnection } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { DEFAULT_HOST_LIMITS } from '../src/limits.ts'
import { paceMplex } from '../src/paced-mplex.ts'
import { paceYamux } from '../src/paced-yamux.ts'
import { createQuietLogger } from '../src/quiet-logger.ts'
import { DATA, GO_AWAY, PING, RST, SYN, WINDOW_UPDATE, yamuxFrame } from '../src/testing/index.ts'
import { createWorkShares } from '../src/work-shares.ts'
import { refuseToWarn } from './support/hosts.ts'
import type { WorkShares } from '../src/work-shares.ts'
import type { MessageStreamDirection, Stream, StreamMuxer } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

const FIN = 4
const KiB = 1 << 10

/** A connection whose other end is a test. Data that arrives while it is paused is delivered when it resumes, as from a socket. */
class ScriptedConnection extends AbstractMultiaddrConnection {
  full = false
  failing = false

  constructor (direction: MessageStreamDirection) {
    super({ direction, log: createQuietLogger().forComponent('test'), remoteAddr: multiaddr('/ip4/127.0.0.1/tcp/1') })
  }

  sendData (data: Uint8ArrayList): SendResult {
    if (this.failing) {
      throw new Error('the socket is closed, but its event is still to come')
    }

    return { sentBytes: data.byteLength, canSendMore: !this.full }
  }

  sendReset (): void {}
  async sendClose (): Promise<void> {}
  sendPause (): void {}
  sendResume (): void {}
  drained (): void { this.safeDispatchEvent('drain') }
}

type Step =
  | { do: 'data', bytes: Uint8Array, pieces: number[] }
  | { do: 'pass' | 'close' | 'closing' | 'reset' | 'abort' | 'fail' | 'full' | 'drain' | 'close muxer' | 'pause' | 'resume' | 'open' }

const number = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(0, 1, 2, 3, 5, 7, 9) }, { weight: 1, arbitrary: fc.nat(0xffffffff) })
const flags = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(0, SYN, FIN, RST, SYN | RST, SYN | FIN) }, { weight: 1, arbitrary: fc.nat(0xffff) })

/** Frames that a peer may send, and some that no peer may send. */
const frame = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(flags, number, fc.nat(2000)).map(([flag, id, length]) => yamuxFrame(DATA, flag, id, length, new Uint8Array(length))) },
  { weight: 6, arbitrary: fc.tuple(flags, number, number).map(([flag, id, length]) => yamuxFrame(WINDOW_UPDATE, flag, id, length)) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(SYN, 2), number).map(([flag, length]) => yamuxFrame(PING, flag, 0, length)) },
  { weight: 1, arbitrary: number.map(length => yamuxFrame(GO_AWAY, 0, 0, length)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(5), flags, number, number).map(([type, flag, id, length]) => yamuxFrame(type, flag, id, length)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) }
)

/** The lengths of the pieces that a connection delivers: a noise message, or all data that arrived while it was paused. */
const lengths = fc.array(fc.oneof({ weight: 1, arbitrary: fc.integer({ min: 1, max: 100 }) }, { weight: 3, arbitrary: fc.integer({ min: 100, max: 140 * KiB }) }), { minLength: 1, maxLength: 6 })

/** A frame that is repeated, sometimes more often than a share allows. */
const burst = fc.tuple(frame, fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(600) }))
  .map(([one, count]) => Buffer.concat(Array.from({ length: count }, () => one)))

const data = fc.record({ do: fc.constant('data' as const), bytes: fc.array(burst, { maxLength: 8 }).map(all => Buffer.concat(all)), pieces: lengths })
const other = fc.constantFrom('pass', 'pass', 'pass', 'pass', 'close', 'closing', 'reset', 'abort', 'fail', 'full', 'full', 'drain', 'drain', 'close muxer', 'pause', 'resume', 'open').map(what => ({ do: what }) as Step)
const script = fc.array(fc.oneof({ weight: 3, arbitrary: data as fc.Arbitrary<Step> }, { weight: 2, arbitrary: other }), { maxLength: 30 })

/** The most pieces, so that megabytes in pieces of one byte do not take a minute. */
const MAX_PIECES = 5_000
const SEED = 20_261_127

/** Cuts bytes into pieces of the given lengths, which are repeated; the rest after many pieces is a single piece. */
function cut (bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []

  for (let i = 0, at = 0; at < bytes.length; i++) {
    const length = i < MAX_PIECES ? lengths[i % lengths.length] : bytes.length
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }

  return pieces
}

describe('paced frames', function () {
  this.timeout(60_000)

  let time: number
  let next: Array<() => void>
  let shares: WorkShares
  let failures: unknown[]
  const note = (err: unknown): void => { failures.push(err) }

  beforeEach(() => {
    failures = []
    // events of libp2p and Node throw into these
    process.on('uncaughtException', note)
    process.on('unhandledRejection', note)
  })

  afterEach(() => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
  })

  function create (kind: 'yamux' | 'mplex', direction: MessageStreamDirection, streamsPerSecond = 1e6): { connection: ScriptedConnection, muxer: StreamMuxer } {
    time = 0
    next = []
    shares = createWorkShares({ weight: 256, time: 4, total: 8, now: () => time, defer: run => { next.push(run) } })
    const connection = new ScriptedConnection(direction)
    const muxer = (kind === 'yamux' ? yamux({ enableKeepAlive: false })() : mplex({ disconnectThreshold: 1e9 })()).createStreamMuxer(connection)

    if (kind === 'yamux') {
      paceYamux(muxer, { ...DEFAULT_HOST_LIMITS, streamsPerSecond, pingsPerSecond: 1e6 }, shares, refuseToWarn)
    } else {
      paceMplex(muxer, shares, refuseToWarn)
    }

    bound(muxer)
    muxer.addEventListener('stream', (event: Event) => {
      (event as CustomEvent<Stream>).detail.addEventListener('message', () => {})
    })

    return { connection, muxer }
  }

  /** Makes an endless loop fail instead of hang. */
  function bound (muxer: StreamMuxer): void {
    const { decoder } = muxer as unknown as { decoder: Record<string, unknown> }
    const field = 'buffer' in decoder ? 'buffer' : '_buffer'
    let buffer = decoder[field]
    let left = 10_000_000
    Object.defineProperty(decoder, field, {
      get () {
        if (left-- === 0) {
          throw new Error('an endless loop')
        }

        return buffer
      },
      set (value) { buffer = value }
    })
  }

  /** The next pass of the event loop. */
  function pass (): void {
    time += 20
    next.splice(0).forEach(run => { run() })
  }

  function run (connection: ScriptedConnection, muxer: StreamMuxer, step: Step): void {
    switch (step.do) {
      case 'data':
        // a WebSocket may still deliver while it is paused
        cut(step.bytes, step.pieces).forEach(piece => { connection.status === 'open' && connection.onData(piece) })
        break
      case 'pass': pass(); break
      case 'close': connection.onTransportClosed(); break
      case 'closing': connection.close().catch(() => {}); break
      case 'reset': connection.status === 'open' && connection.onRemoteReset(); break
      case 'abort': connection.abort(new Error('test')); break
      case 'fail': connection.failing = true; break
      case 'full': connection.full = true; break
      case 'drain':
        connection.full = false
        connection.drained()
        break
      case 'close muxer': muxer.close().catch(() => {}); break
      case 'pause': connection.readStatus === 'readable' && connection.pause(); break
      case 'resume': connection.readStatus === 'paused' && connection.resume(); break
      default:
        // yamux opens it in a microtask; errors that it throws there are not tested here
        connection.failing || Promise.resolve(muxer.createStream()).catch(() => {})
    }
  }

  async function survives (kind: 'yamux' | 'mplex', direction: MessageStreamDirection, streamsPerSecond: number): Promise<void> {
    await fc.assert(fc.asyncProperty(script, async steps => {
      const { connection, muxer } = create(kind, direction, streamsPerSecond)

      for (const step of steps) {
        run(connection, muxer, step)
        await Promise.resolve()
      }

      connection.onTransportClosed()
      connection.abort(new Error('the end'))

      for (let i = 0; i < 100 && next.length > 0; i++) {
        pass()
      }

      await new Promise(resolve => setImmediate(resolve))

      expect(failures).to.deep.equal([])
      expect(muxer.status).to.equal('closed')
      expect(shares.waiting).to.equal(0)
      expect(next).to.be.empty()
    }), { numRuns: kind === 'yamux' ? 150 : 50, seed: SEED })
  }

  for (const [kind, streamsPerSecond] of [['yamux', 1e6], ['yamux', 500], ['mplex', 1e6]] as const) {
    for (const direction of ['inbound', 'outbound'] as const) {
      it(`neither throw nor loop, whatever arrives in whatever order: ${kind}, ${direction}, ${streamsPerSecond} streams a second`, async () => {
        await survives(kind, direction, streamsPerSecond)
      })
    }
  }

  it('are handled in the order in which they arrive, each once, however they are cut', () => {
    const good = fc.tuple(fc.constantFrom(1, 3, 5), fc.nat(3000), fc.integer({ min: 1, max: 300 }))

    fc.assert(fc.property(fc.array(good, { maxLength: 20 }), lengths, (frames, pieces) => {
      const { connection, muxer } = create('yamux', 'inbound')
      const { handleStreamMessage: handle } = muxer as unknown as { handleStreamMessage (frame: { header: { length: number } }): void }
      const seen: number[] = []
      Object.assign(muxer, {
        handleStreamMessage (frame: { header: { length: number } }) {
          seen.push(frame.header.length)
          handle.call(muxer, frame)
        }
      })
      const sent = frames.flatMap(([id, length, count]) => Array.from({ length: count }, () => ({ id, length })))
      // frames of no stream, which no window bounds
      const bytes = Buffer.concat(sent.map(({ id, length }) => yamuxFrame(WINDOW_UPDATE, 0, id, length)))
      cut(bytes, pieces).forEach(piece => { connection.onData(piece) })

      for (let i = 0; i < 10_000 && next.length > 0; i++) {
        pass()
      }

      expect(seen).to.deep.equal(sent.map(({ length }) => length))
      expect(connection.readStatus).to.equal('readable')
    }), { numRuns: 100, seed: SEED })
  })
})
