import { yamux } from '@libp2p/yamux'
import { Uint8ArrayList } from 'uint8arraylist'
import { createAllowance } from './allowance.ts'
import { BadFrameError, FloodError } from './errors.ts'
import { hookMuxers } from './muxer-hook.ts'
import { abortConnection, isPaceable, paceFrames } from './paced-frames.ts'
import { DATA, GO_AWAY, HEADER_LENGTH, INITIAL_WINDOW, PING, readHeader, SYN } from './yamux-frames.ts'
import type { Allowance } from './allowance.ts'
import type { Frames, MuxerParts } from './paced-frames.ts'
import type { WarnMissing } from './warn.ts'
import type { WorkShares } from './work-shares.ts'
import type { YamuxFrame, YamuxHeader } from './yamux-frames.ts'
import type { MessageStream, Stream, StreamCloseEvent, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { YamuxMuxerInit } from '@libp2p/yamux'

/** What a peer may do over a yamux connection that it has opened. */
export interface YamuxLimits {
  /** Streams that it may open a second; more have to wait. */
  readonly streamsPerSecond: number
  /** Streams a second that may break, whichever end breaks them. Ten times as many may break at once; beyond that the connection is closed. */
  readonly brokenStreamsPerSecond: number
  /** Pings a second that are answered. */
  readonly pingsPerSecond: number
  /** The largest window of a stream, bytes: no frame is longer, not even one of a stream that has ended. */
  readonly streamWindow: number
}

/** The fields of libp2p's yamux that this module uses. */
interface YamuxParts extends MuxerParts {
  readonly decoder?: { buffer?: Uint8ArrayList }
  handleStreamMessage? (frame: YamuxFrame): void
  handlePing? (header: YamuxHeader): void
  handleGoAway? (reason: number): void
}

type YamuxMuxer = StreamMuxer & Required<YamuxParts> & { readonly decoder: { buffer: Uint8ArrayList } }

/**
 * The weight of opening a stream, where 1 is the cheapest frame: its protocol is negotiated
 * after the frame has been handled, in microtasks that this module does not see.
 */
const STREAM_WEIGHT = 16

/** How many unanswered pings a peer may send before its connection is closed. */
const IGNORED_PINGS = 1_000

/** More than this many pieces, of less than this size on average, are joined while they wait: each piece is a separate object. */
const MAX_PIECES = 256
const SMALL_PIECE = 512

const EFFECT = 'floods of small frames may stall the process'

/**
 * libp2p's yamux with a share of the event loop for each connection, and with limits. As of 8.0
 * libp2p's yamux (1) handles all frames that a read brings at once; (2) buffers a data frame of
 * any declared length, up to 4 GiB, until it is complete, even if there is no such stream; (3)
 * answers each ping, even if the peer does not read the answers; (4) opens streams as fast as
 * the peer asks for them, and searches all streams for each frame.
 *
 * The internal fields are not part of the muxer's interface; if they are missing, frames are
 * handled as in libp2p.
 */
export function pacedYamux (init: YamuxMuxerInit, limits: YamuxLimits, shares: WorkShares, warnMissing: WarnMissing): () => StreamMuxerFactory {
  const create = yamux(init)

  return () => hookMuxers(create(), muxer => { paceYamux(muxer, limits, shares, warnMissing) })
}

/** Paces a muxer that has not received anything yet, if it has the fields that this module uses. */
export function paceYamux (muxer: StreamMuxer, limits: YamuxLimits, shares: WorkShares, warnMissing: WarnMissing): void {
  if (isYamux(muxer)) {
    paceFrames(muxer, new YamuxFrames(muxer, limits), shares)
  } else {
    warnMissing('@libp2p/yamux', 'onData, onTransportClosed, onRemoteStream, maConn, decoder.buffer, handleStreamMessage, handlePing or handleGoAway of a muxer', EFFECT)
  }
}

function isYamux (muxer: StreamMuxer & YamuxParts): muxer is YamuxMuxer {
  return isPaceable(muxer) && muxer.decoder?.buffer instanceof Uint8ArrayList &&
    typeof muxer.handleStreamMessage === 'function' && typeof muxer.handlePing === 'function' && typeof muxer.handleGoAway === 'function'
}

class YamuxFrames implements Frames {
  readonly #muxer: YamuxMuxer
  readonly #connection: MessageStream
  /** Undefined for a peer that this host has dialled. */
  readonly #limits: { readonly streams: Allowance, readonly broken: Allowance } | undefined
  readonly #pings: Allowance
  readonly #streamWindow: number
  #ignoredPings = 0
  /** The newest ping that arrived while data waited to be sent. */
  #heldPing: YamuxHeader | undefined
  /** How many bytes are still to come of a frame that belongs to no stream. */
  #discard = 0
  #pieces = 0
  #blocked = 0
  #ended = false

  constructor (muxer: YamuxMuxer, { streamsPerSecond, brokenStreamsPerSecond, pingsPerSecond, streamWindow }: YamuxLimits) {
    this.#muxer = muxer
    this.#connection = muxer.maConn
    this.#pings = createAllowance(pingsPerSecond)
    this.#streamWindow = streamWindow

    if (muxer.maConn.direction === 'inbound') {
      this.#limits = { streams: createAllowance(streamsPerSecond), broken: createAllowance(brokenStreamsPerSecond, 10) }
    }
  }

  get bytes (): number {
    return this.#muxer.decoder.buffer.byteLength
  }

  get blocked (): number {
    return this.#blocked
  }

  opened (stream: Stream): void {
    if (this.#limits != null) {
      stream.addEventListener('close', this.#closed)
    }
  }

  append (data: Uint8Array | Uint8ArrayList): void {
    const { decoder } = this.#muxer
    decoder.buffer.append(data)

    if (++this.#pieces > MAX_PIECES) {
      if (decoder.buffer.byteLength < this.#pieces * SMALL_PIECE) {
        decoder.buffer = new Uint8ArrayList(decoder.buffer.subarray())
      }

      this.#pieces = 0
    }
  }

  end (): void {
    this.#ended = true
    this.#blocked = 0
  }

  step (): number {
    const { buffer } = this.#muxer.decoder

    if (this.#discard > 0) {
      const length = Math.min(this.#discard, buffer.byteLength)
      buffer.consume(length)
      this.#discard -= length
    }

    if (buffer.byteLength < HEADER_LENGTH) {
      return 0
    }

    const header = readHeader(buffer)

    if (header == null) {
      throw new BadFrameError('The peer sent bytes that are not a yamux frame')
    }

    if (header.streamID === 0) {
      buffer.consume(HEADER_LENGTH)

      return this.#session(header)
    }

    return this.#stream(header, buffer)
  }

  #session (header: YamuxHeader): number {
    if (header.type === PING) {
      this.#ping(header)
    } else if (header.type === GO_AWAY) {
      this.#muxer.handleGoAway(header.length)
    } else {
      throw new BadFrameError(`The peer sent a yamux frame of type ${header.type} for no stream`)
    }

    return 1
  }

  #stream (header: YamuxHeader, buffer: Uint8ArrayList): number {
    const opens = (header.flag & SYN) !== 0
    const length = header.type === DATA ? header.length : 0

    if (header.type > 1) {
      throw new BadFrameError(`The peer sent a yamux frame of type ${header.type} for a stream`)
    }

    if (buffer.byteLength < HEADER_LENGTH + length) {
      this.#expect(header, opens, buffer)

      return this.#discard > 0 ? 1 : 0
    }

    if (opens && !this.#mayOpen()) {
      return 0
    }

    const data = header.type === DATA ? buffer.sublist(HEADER_LENGTH, HEADER_LENGTH + length) : undefined
    buffer.consume(HEADER_LENGTH + length)
    this.#muxer.handleStreamMessage(data == null ? { header } : { header, data })

    return opens ? STREAM_WEIGHT : 1
  }

  /** Checks a data frame that has not arrived completely: it is only buffered if it fits into the window of its stream. */
  #expect ({ streamID, length }: YamuxHeader, opens: boolean, buffer: Uint8ArrayList): void {
    const id = String(streamID)
    const stream: (Stream & { readonly recvWindowCapacity?: number }) | undefined = this.#muxer.streams.find(stream => stream.id === id)
    // an unknown stream has ended, or never existed
    const ended = stream == null && !opens
    const window = ended ? this.#streamWindow : stream?.recvWindowCapacity ?? INITIAL_WINDOW

    if (length > window) {
      throw new BadFrameError(`The peer announced ${length} bytes in one yamux frame, and may send ${window}`)
    }

    if (ended) {
      buffer.consume(HEADER_LENGTH)
      this.#discard = length
    }
  }

  #mayOpen (): boolean {
    if (this.#limits == null || this.#ended || this.#limits.streams.take()) {
      this.#blocked = 0

      return true
    }

    this.#blocked = Math.max(1, this.#limits.streams.wait)

    return false
  }

  readonly #closed = ({ error: cause }: StreamCloseEvent): void => {
    // the streams that this ends break, too
    if (cause != null && this.#limits?.broken.take() === false && this.#muxer.status === 'open') {
      abortConnection(this.#muxer, new FloodError('The peer opened too many streams that broke'))
    }
  }

  #ping (header: YamuxHeader): void {
    if ((header.flag & SYN) === 0) {
      this.#muxer.handlePing(header)
    } else if (!this.#ended) {
      this.#request(header)
    }
  }

  /** Answers a ping, unless there are too many. While data waits to be sent, only the newest ping is kept, and answered later. */
  #request (header: YamuxHeader): void {
    if (!this.#pings.take()) {
      if (++this.#ignoredPings > IGNORED_PINGS) {
        throw new FloodError('The peer sent too many pings')
      }

      return
    }

    if (!this.#connection.writableNeedsDrain) {
      this.#muxer.handlePing(header)

      return
    }

    if (this.#heldPing == null) {
      this.#connection.addEventListener('drain', () => {
        const held = this.#heldPing
        this.#heldPing = undefined

        if (held != null && this.#connection.status === 'open') {
          this.#muxer.handlePing(held)
        }
      }, { once: true })
    }

    this.#heldPing = header
  }
}
