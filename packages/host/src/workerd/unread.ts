import { FloodError } from '../errors.ts'
import { hookMuxers } from '../muxer-hook.ts'
import { PING, SYN, WINDOW_UPDATE } from '../yamux-frames.ts'
import { createUnreadTotal } from './unread-total.ts'
import type { UnreadTotal } from './unread-total.ts'
import type { WarnMissing } from '../warn.ts'
import type { YamuxFrame, YamuxHeader } from '../yamux-frames.ts'
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** While bytes are unread, the peer is pinged this often, ms: a peer may leave some of many pings unanswered, and others may have read meanwhile. */
const CHECK_INTERVAL = 1_000
/** While fewer bytes are unread, the peer is not pinged: pings count as unread bytes themselves. */
const WORTH_A_PING = 16 << 10
/** How many pings may still be answered. */
const MAX_PINGS = 8
/** The numbers of these pings begin here; those of yamux's own pings begin at zero. */
const OWN_PINGS = 2 ** 31
/** How much may be sent while streams wait, bytes: it can only be answers to what the peer sends. */
export const MAX_ANSWERS = 1 << 20
/** The most that a stream sends at a time, bytes, however wide the peer has opened its window. */
export const MAX_FRAME = 64 << 10

/** The internal fields of libp2p's yamux that this module uses. */
interface YamuxParts {
  send? (data: Uint8Array | Uint8ArrayList): boolean
  sendPing? (id: number): void
  handlePing? (header: YamuxHeader): void
  handleStreamMessage? (frame: YamuxFrame): void
}

/** The fields of a stream that this module uses. By the methods, libp2p's muxers tell it that the connection is full, or no longer is. */
interface StreamParts {
  readonly streamId?: number
  /** Yamux sets it to what the window allows. */
  maxMessageSize?: number
  onMuxerNeedsDrain? (): void
  onMuxerDrain? (): void
}

type CreateFactory<Components> = (components: Components) => StreamMuxerFactory

/** Shared by the hosts of all requests of an isolate. */
const isolateTotal = createUnreadTotal()

/**
 * Bounds the data that waits for a peer on a platform that does not say how much that is. The
 * windows of yamux do not bound it: a peer may open them as far as it likes, and never read its
 * socket. Only its answer to a ping with a random number shows that it has read everything that
 * was sent before that ping. There is also a bound for all peers of the isolate together.
 *
 * The internal fields are not part of the muxer's interface; if they are missing, nothing is bounded.
 */
export function boundUnread <Components> (create: CreateFactory<Components>, warnMissing: WarnMissing): CreateFactory<Components> {
  return components => hookMuxers(create(components), (muxer, connection) => { boundMuxer(muxer, connection, warnMissing) })
}

/** Bounds what one muxer sends, which has not sent anything yet. */
export function boundMuxer (muxer: StreamMuxer & YamuxParts, connection: MessageStream, warnMissing: WarnMissing, total: UnreadTotal = isolateTotal): void {
  if (typeof muxer.send !== 'function' || typeof muxer.sendPing !== 'function' || typeof muxer.handlePing !== 'function' || typeof muxer.handleStreamMessage !== 'function') {
    warnMissing('@libp2p/yamux', 'send, sendPing, handlePing or handleStreamMessage of a muxer', 'data that a peer does not read may fill the memory')

    return
  }

  new Unread(muxer as StreamMuxer & Required<YamuxParts>, connection, total).start()
}

/** How much data one peer has been sent, and how much of that it has read. */
class Unread {
  readonly #muxer: StreamMuxer & Required<YamuxParts>
  readonly #connection: MessageStream
  readonly #total: UnreadTotal
  /** The key of the connection in the total, which outlives it. */
  readonly #key = {}
  readonly #send: Required<YamuxParts>['send']
  readonly #handlePing: Required<YamuxParts>['handlePing']
  readonly #handleStreamMessage: Required<YamuxParts>['handleStreamMessage']
  /** How much had been sent before each ping, by the number of the ping. */
  readonly #pings = new Map<number, number>()
  /** How far the peer has opened the windows of streams while these wait, bytes. */
  readonly #opened = new WeakMap<StreamParts, number>()
  #sent = 0
  #read = 0
  #pinged = 0
  /** Whether streams wait. */
  #waits = false
  /** While streams wait: the connection is aborted once `#sent` reaches this. */
  #sendsUpTo = 0
  #ended = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (muxer: StreamMuxer & Required<YamuxParts>, connection: MessageStream, total: UnreadTotal) {
    this.#muxer = muxer
    this.#connection = connection
    this.#total = total
    this.#send = muxer.send.bind(muxer)
    this.#handlePing = muxer.handlePing.bind(muxer)
    this.#handleStreamMessage = muxer.handleStreamMessage.bind(muxer)
  }

  start (): void {
    this.#muxer.send = data => this.#sending(data)
    this.#muxer.handlePing = header => { this.#pong(header) }
    this.#muxer.handleStreamMessage = frame => { this.#arrived(frame) }

    this.#connection.addEventListener('close', () => {
      this.#ended = true
      this.#total.remove(this.#key)
      clearTimeout(this.#timer)
    }, { once: true })
  }

  get #streams (): readonly StreamParts[] {
    return this.#muxer.streams as readonly StreamParts[]
  }

  get #unread (): number {
    return this.#sent - this.#read
  }

  #sending (data: Uint8Array | Uint8ArrayList): boolean {
    this.#sent += data.byteLength
    const more = this.#send(data)

    if (this.#ended) {
      return more
    }

    const limit = this.#count()

    if (this.#sent - this.#pinged >= limit / 2) {
      this.#ping()
    }

    if (this.#unread >= WORTH_A_PING) {
      this.#timer ??= setTimeout(() => { this.#check() }, CHECK_INTERVAL)
    }

    return this.#unread < limit ? more : this.#wait()
  }

  /** Reports the unread bytes to the total; returns how many this peer may leave unread at the moment. */
  #count (): number {
    this.#total.count(this.#key, this.#unread)

    return this.#total.limit
  }

  #wait (): false {
    if (!this.#waits) {
      this.#waits = true
      this.#sendsUpTo = this.#sent + MAX_ANSWERS
    }

    if (this.#sent >= this.#sendsUpTo) {
      this.#connection.abort(new FloodError('The peer reads nothing, but keeps sending data that has to be answered'))
    } else {
      this.#streams.forEach(stream => { stream.onMuxerNeedsDrain?.() })
    }

    return false
  }

  /** Yamux resumes a stream whose window opens, even if the socket is full. So while streams wait, this keeps their window updates. */
  #arrived (frame: YamuxFrame): void {
    const { type, flag, streamID, length } = frame.header
    const stream = type === WINDOW_UPDATE ? this.#streams.find(({ streamId }) => streamId === streamID) : undefined

    if (stream != null && flag === 0 && this.#waits) {
      this.#opened.set(stream, (this.#opened.get(stream) ?? 0) + length)

      return
    }

    this.#handleStreamMessage(frame)

    if (stream?.maxMessageSize != null) {
      stream.maxMessageSize = Math.min(stream.maxMessageSize, MAX_FRAME)
    }
  }

  #ping (): void {
    const [random] = crypto.getRandomValues(new Uint32Array(1))

    // the newest one: on a slow line the first pings are answered first
    if (this.#pings.size >= MAX_PINGS) {
      this.#pings.delete([...this.#pings.keys()][MAX_PINGS - 1])
    }

    const number = OWN_PINGS + random % OWN_PINGS
    // set before the ping is sent, since sending it calls `#sending` again
    this.#pinged = this.#sent
    this.#pings.set(number, this.#sent)
    this.#muxer.sendPing(number)
  }

  /** Runs from time to time: if other peers have read, this one may be sent more; and it may have read without being pinged since. */
  #check (): void {
    this.#timer = undefined

    if (this.#connection.status === 'open' && this.#unread >= WORTH_A_PING) {
      this.#continue()
      this.#ping()
      this.#timer ??= setTimeout(() => { this.#check() }, CHECK_INTERVAL)
    }
  }

  #pong (header: YamuxHeader): void {
    if (header.type !== PING || (header.flag & SYN) !== 0 || header.length < OWN_PINGS) {
      this.#handlePing(header)

      return
    }

    const sent = this.#pings.get(header.length)

    // unknown numbers are late answers or guesses; yamux would take them for a breach of the protocol
    if (sent != null) {
      this.#pings.delete(header.length)
      this.#read = Math.max(this.#read, sent)
      this.#sendsUpTo = this.#sent + MAX_ANSWERS
      this.#continue()
    }
  }

  #continue (): void {
    if (this.#unread >= this.#count() || !this.#waits) {
      return
    }

    this.#waits = false

    for (const stream of [...this.#streams]) {
      const opened = this.#opened.get(stream)

      if (opened != null && stream.streamId != null) {
        this.#opened.delete(stream)
        this.#arrived({ header: { type: WINDOW_UPDATE, flag: 0, streamID: stream.streamId, length: opened } })
      }

      stream.onMuxerDrain?.()
    }
  }
}
