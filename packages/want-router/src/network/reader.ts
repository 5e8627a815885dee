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
 * Reads one inbound stream: cuts what comes into messages, decodes each and hands
 * it over. A message that has to be waited for holds the stream: what comes behind
 * it stays in a queue here, in libp2p and, once the window of the muxer is used up,
 * with the peer.
 *
 * A stream ends when everything on it has been read and handled, or when something
 * is wrong with it; no message is lost between what libp2p has buffered and its end.
 */
export interface Reader extends Watched {
  /** Bytes of a message that has not come to its end. */
  readonly unfinishedBytes: number
  /** Bytes that wait behind a message that is being handled, here and in libp2p. */
  readonly waitingBytes: number
  /** A message is being handled. */
  readonly holding: boolean
  /** Nothing more is read. */
  readonly over: boolean
  /** Ends reading and resets the stream; nothing is reported any more. */
  abort (error: Error): void
}

/** What the readers of one peer share. */
export interface ReaderOwner {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly watch: Watch
  readonly log: Logger
  /** Whether blocks and presences are taken. */
  readonly answers: boolean
  now (): number
  /** Whether the peer may have more handled in this pass of the event loop. */
  hasShare (): boolean
  /** A message was handled, with this many wants, blocks and presences; one without any is work, too. */
  handled (items: number): void
  /** Whether a message of this many bytes may be handled now. */
  mayHandle (bytes: number): boolean
  /** Calls in a later pass of the event loop, when it is this peer's turn. */
  nextTurn (run: () => void): void
  /** A returned promise holds this stream until it settles. Throwing resets this stream. False: nothing took it. */
  message (message: BitswapMessage, protocol: BitswapProtocol): Promise<void> | false | undefined
  /** Some reader's `unfinishedBytes` have changed by this much. */
  unfinished (delta: number): void
  /** Some reader has begun to hold its stream. */
  holds (): void
  /** The stream was read to its end, or reset. Called once for each reader. */
  ended (reader: Reader): void
  /** The stream was reset, perhaps after its end. */
  broke (): void
}

/**
 * Attaches its listeners before it returns. That matters: a stream may have data
 * buffered and its remote end closed by the time a handler is called, and what a
 * listener was not there for is not told again.
 *
 * `flowControlled`: whether pausing the stream stops the peer. It does with
 * yamux; mplex cannot.
 */
export function createReader (stream: Stream, flowControlled: boolean, owner: ReaderOwner): Reader {
  if (flowControlled) {
    // the window of the muxer is the bound, and it must fit
    stream.maxReadBufferLength = Math.max(stream.maxReadBufferLength, owner.limits.pausedStreamBytes)
  }

  return new StreamReader(stream, owner)
}

class StreamReader implements Reader, InboundEndOwner {
  readonly #stream: Stream
  readonly #owner: ReaderOwner
  readonly #protocol: BitswapProtocol
  readonly #queue: FrameQueue
  /** Made when a message is first waited for. */
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
      this.abort(new UnfinishedMessageError(`${this.#unfinished} bytes of a message came, and nothing for ${limits.unfinishedTimeout} ms`))
    }

    return !this.#over && this.#unfinished > 0
  }

  /** Something has come. */
  handleEvent ({ data }: StreamMessageEvent): void {
    if (this.#over) {
      // libp2p hands over nothing after the end: if it ever does, that shows
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

  /** Handles what is queued, up to the first message that has to wait, or to be waited for. */
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

  /** Whether the next message waits for its turn: the peer has had its share of this pass, or others go first. */
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

  /** Reads on when the message has been handled. */
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

  /** A step after a message that was waited for: resets the stream if it throws, and may be its end. */
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

  /** Resets the stream for what came on it. */
  #reject (err: Error): void {
    this.#owner.log('a stream is reset for what came on it - %e', err)
    this.abort(err)
  }

  /** Notes what has come of a message that has not ended. */
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
