import { decodeMessage } from '@kitsune/bitswap-codec'
import { UnfinishedMessageError } from './errors.ts'
import { createFrameQueue } from './frame-queue.ts'
import { createInboundEnd } from './inbound-end.ts'
import { createReadGate } from './read-gate.ts'
import type { NetworkLimits } from './defaults.ts'
import type { FrameQueue } from './frame-queue.ts'
import type { InboundEnd, InboundEndOwner } from './inbound-end.ts'
import type { ReadGate } from './read-gate.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch, Watched } from './watch.ts'
import type { BitswapMessage, BitswapProtocol, DecodedMessage } from '@kitsune/bitswap-codec'
import type { Logger, Stream, StreamMessageEvent } from '@libp2p/interface'

/**
 * Reads one inbound stream: splits it into messages, decodes each and passes it to the
 * owner. A message that takes time holds the stream: what arrives behind it stays in a
 * queue here, in libp2p and, once the muxer's window is used up, at the peer.
 *
 * A stream ends when everything on it has been read and handled, or when something is
 * wrong with it. No message that libp2p has buffered is lost at its end.
 */
export interface Reader extends Watched {
  /** Bytes of an unfinished message. */
  readonly unfinishedBytes: number
  /** Bytes that wait behind a message that is being handled, here and in libp2p. */
  readonly waitingBytes: number
  /** A message is being handled, or waits for its turn. */
  readonly holding: boolean
  /** Nothing more is read. */
  readonly over: boolean
  /** Ends reading and resets the stream; nothing is reported any more. */
  abort (error: Error): void
}

/** What the readers of one connection report to. */
export interface ReaderOwner {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly watch: Watch
  readonly log: Logger
  /** Whether blocks and presences are taken. */
  readonly answers: boolean
  now (): number
  /** Whether some of the peer's share of this pass of the event loop is left. */
  hasShare (): boolean
  /** Notes that a message with this many wants, blocks and presences was handled. */
  handled (items: number): void
  /** Whether a message of this many bytes may be handled now. */
  mayHandle (bytes: number): boolean
  /** Calls `run` in a later pass of the event loop, when it is this peer's turn. */
  nextTurn (run: () => void): void
  /**
   * Handles a message. While a returned promise is pending, the stream is held; throwing or rejecting resets
   * the stream. False: nothing was waiting for its content.
   */
  message (message: BitswapMessage, protocol: BitswapProtocol): Promise<void> | false | undefined
  /** A reader's `unfinishedBytes` have changed by this much. */
  unfinished (delta: number): void
  /** A reader has begun to hold its stream. */
  holds (): void
  /** The stream was read to its end, or reset. Called once for each reader. */
  ended (reader: Reader): void
  /** The stream was reset, perhaps after its end. */
  broke (): void
}

/**
 * Makes a reader, with its listeners attached: by the time a handler is called, a stream
 * may have data buffered and its remote end closed, and events are not repeated for later
 * listeners.
 *
 * `flowControlled`: whether pausing the stream stops the peer. It does with
 * yamux; mplex cannot.
 */
export function createReader (stream: Stream, flowControlled: boolean, owner: ReaderOwner): Reader {
  if (flowControlled) {
    // the muxer's window is the bound, and has to fit the buffer
    stream.maxReadBufferLength = Math.max(stream.maxReadBufferLength, owner.limits.pausedStreamBytes)
  }

  return new StreamReader(stream, owner)
}

class StreamReader implements Reader, InboundEndOwner {
  readonly #stream: Stream
  readonly #owner: ReaderOwner
  readonly #protocol: BitswapProtocol
  readonly #queue: FrameQueue
  /** Made when the stream is first held. */
  #gate: ReadGate | undefined
  readonly #end: InboundEnd
  #unfinished = 0
  #handling = false
  #over = false
  #lastData: number

  constructor (stream: Stream, owner: ReaderOwner) {
    this.#stream = stream
    this.#owner = owner
    this.#protocol = stream.protocol as BitswapProtocol
    this.#queue = createFrameQueue(owner.limits.maxFrameLength, owner.stats)
    this.#lastData = owner.now()
    stream.addEventListener('message', this)
    this.#end = createInboundEnd(stream, this)
    this.mayHaveEnded()
  }

  get unfinishedBytes (): number {
    return this.#unfinished
  }

  get waitingBytes (): number {
    return this.holding ? this.#queue.bytes + this.#stream.readBufferLength : 0
  }

  get holding (): boolean {
    return this.#handling && !this.#over
  }

  get over (): boolean {
    return this.#over
  }

  abort (error: Error): void {
    if (!this.#over) {
      this.#finish()
      this.#stream.abort(error)
    }
  }

  tick (now: number): boolean {
    if (this.#over) {
      return false
    }

    const { limits, stats } = this.#owner

    if (!this.#handling && this.#unfinished > 0 && now - this.#lastData >= limits.unfinishedTimeout) {
      stats.badFrames++
      this.abort(new UnfinishedMessageError(`${this.#unfinished} bytes of a message arrived, and then nothing for ${limits.unfinishedTimeout} ms`))
    }

    return !this.#over && this.#unfinished > 0
  }

  /** Data has arrived. */
  handleEvent ({ data }: StreamMessageEvent): void {
    if (this.#over) {
      // libp2p delivers nothing after the end; if it ever does, the count shows it
      this.#owner.stats.framesDropped++

      return
    }

    this.#lastData = this.#owner.now()

    try {
      if (this.#queue.push(data) && !this.#handling) {
        this.#handle(false)
      }
    } catch (err) {
      this.#reject(err as Error)
    } finally {
      this.#account()
    }

    if (!this.#over && this.#queue.pending > 0) {
      this.#owner.watch.add(this)
    }

    this.mayHaveEnded()
  }

  /** Handles queued messages, up to the first that holds the stream. */
  #handle (isTurn: boolean): void {
    const { stats } = this.#owner

    while (!this.#takesTurn(isTurn)) {
      const frame = this.#queue.shift()

      if (frame == null) {
        return
      }

      stats.framesIn++
      stats.bytesIn += frame.length

      const message = this.#read(frame)
      const promise = this.#owner.message(message, this.#protocol)
      this.#owner.handled(message.wants.length + message.blocks.length + message.presences.length)

      if (promise === false || (!this.#owner.answers && message.skipped > 0)) {
        stats.framesDropped++
      }

      if (promise === false) {
        continue
      }

      if (this.#over) {
        // the handler has disconnected this peer
        promise?.catch(() => {})

        return
      }

      if (promise != null) {
        this.#hold()
        promise.then(() => { this.#handled(false) }, (err: Error) => {
          this.#handling = false
          this.#owner.log('a message could not be handled - %e', err)
          this.abort(err)
        })

        return
      }
    }
  }

  /** Makes the next message wait for its turn, if the peer has had its share of this pass or others go first; false: it need not wait. */
  #takesTurn (isTurn: boolean): boolean {
    if (this.#queue.size === 0 || (this.#owner.hasShare() && (isTurn || this.#owner.mayHandle(this.#queue.nextBytes)))) {
      return false
    }

    this.#hold()
    this.#owner.nextTurn(() => { this.#handled(true) })

    return true
  }

  #read (frame: Uint8Array): DecodedMessage {
    try {
      return decodeMessage(frame, this.#owner)
    } catch (err) {
      this.#owner.stats.badFrames++
      throw err
    }
  }

  #hold (): void {
    this.#handling = true
    this.#owner.holds()
    this.#gate ??= createReadGate(this.#stream)
    this.#gate.close()
  }

  /** Continues to read after a message has been handled, or has waited for its turn. */
  #handled (isTurn: boolean): void {
    this.#handling = false

    if (!this.#over) {
      this.#proceed(isTurn)
    }
  }

  #proceed (isTurn: boolean): void {
    this.#guard(() => { this.#handle(isTurn) })

    if (this.#over || this.#handling) {
      return
    }

    this.#lastData = this.#owner.now()
    this.#guard(() => { this.#gate?.open(() => this.holding) })
  }

  /** Runs a step outside of an event of the stream: resets the stream if the step throws, and checks for its end. */
  #guard (step: () => void): void {
    try {
      step()
    } catch (err) {
      this.#reject(err as Error)
    } finally {
      this.#account()
    }

    this.mayHaveEnded()
  }

  /** Resets the stream because of what arrived on it. */
  #reject (err: Error): void {
    this.#owner.log('a stream is reset because of what arrived on it - %e', err)
    this.abort(err)
  }

  /** Reports the bytes of an unfinished message. */
  #account (): void {
    const bytes = this.#over ? 0 : this.#queue.pending

    if (bytes !== this.#unfinished) {
      const delta = bytes - this.#unfinished
      this.#unfinished = bytes
      this.#owner.unfinished(delta)
    }
  }

  /** Finishes once everything has been read and handled. */
  mayHaveEnded (): void {
    if (this.#over || this.#handling || !this.#end.reached) {
      return
    }

    if (this.#queue.pending > 0 && this.#end.byPeer) {
      // in the middle of a message
      this.#owner.stats.badFrames++
    }

    this.#finish()
  }

  broke (): void {
    this.#owner.broke()
  }

  #finish (): void {
    this.#over = true
    this.#owner.stats.framesDropped += this.#queue.size
    this.#queue.clear()
    this.#owner.watch.remove(this)
    this.#account()
    this.#owner.ended(this)
  }
}
