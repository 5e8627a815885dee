import { FloodError } from '../errors.ts'
import { hookMuxers } from '../muxer-hook.ts'
import { PING, SYN } from '../yamux-frames.ts'
import type { WarnMissing } from '../warn.ts'
import type { YamuxHeader } from '../yamux-frames.ts'
import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** How much is sent to a peer that has not shown that it reads, bytes: its streams wait from here on. */
export const MAX_UNREAD = 8 << 20
/** The peer is pinged each time that this much has been sent, bytes. */
const PING_EVERY = MAX_UNREAD / 2
/** A ping that has not been answered is sent again while streams wait, ms: a peer need not answer all of many. */
const PING_AGAIN = 1_000
/** Pings whose answers still count. */
const MAX_PINGS = 8

/** The internal fields of libp2p's yamux that this module uses. */
interface YamuxParts {
  send? (data: Uint8Array | Uint8ArrayList): boolean
  sendPing? (id: number): void
  handlePing? (header: YamuxHeader): void
}

/** Those of its streams, by which libp2p's muxers tell them that the connection is full, or no longer is. */
interface StreamParts {
  onMuxerNeedsDrain? (): void
  onMuxerDrain? (): void
}

type CreateFactory<Components> = (components: Components) => StreamMuxerFactory

/**
 * Bounds what waits for a peer on a platform that does not tell how much that is. The windows of yamux do not bound it: a
 * peer may open them as far as it likes, and never read its socket. Only the answer to a ping whose number it cannot guess
 * shows that it has read what was sent before that ping.
 *
 * The internal fields are not part of the muxer's interface; if they are missing, nothing is bounded.
 */
export function boundUnread <Components> (create: CreateFactory<Components>, warnMissing: WarnMissing): CreateFactory<Components> {
  return components => hookMuxers(create(components), (muxer, connection) => { boundMuxer(muxer, connection, warnMissing) })
}

/** Bounds what one muxer sends, which has not sent anything yet. */
export function boundMuxer (muxer: StreamMuxer & YamuxParts, connection: MessageStream, warnMissing: WarnMissing): void {
  if (typeof muxer.send !== 'function' || typeof muxer.sendPing !== 'function' || typeof muxer.handlePing !== 'function') {
    warnMissing('@libp2p/yamux', 'send, sendPing or handlePing of a muxer', 'what a peer does not read may fill the memory')

    return
  }

  new Unread(muxer as StreamMuxer & Required<YamuxParts>, connection).start()
}

/** What one peer has been sent, and what of that it has read. */
class Unread {
  readonly #muxer: StreamMuxer & Required<YamuxParts>
  readonly #connection: MessageStream
  readonly #send: Required<YamuxParts>['send']
  readonly #handlePing: Required<YamuxParts>['handlePing']
  /** What had been sent before each ping, by its number. */
  readonly #pings = new Map<number, number>()
  #sent = 0
  #read = 0
  #pinged = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor (muxer: StreamMuxer & Required<YamuxParts>, connection: MessageStream) {
    this.#muxer = muxer
    this.#connection = connection
    this.#send = muxer.send.bind(muxer)
    this.#handlePing = muxer.handlePing.bind(muxer)
  }

  start (): void {
    this.#muxer.send = data => this.#sending(data)
    this.#muxer.handlePing = header => { this.#pong(header) }
    this.#connection.addEventListener('close', () => { clearTimeout(this.#timer) }, { once: true })
  }

  get #streams (): readonly StreamParts[] {
    return this.#muxer.streams as readonly StreamParts[]
  }

  #sending (data: Uint8Array | Uint8ArrayList): boolean {
    this.#sent += data.byteLength
    const more = this.#send(data)

    if (this.#sent - this.#pinged >= PING_EVERY) {
      this.#ping()
    }

    if (this.#sent - this.#read < MAX_UNREAD) {
      return more
    }

    // streams wait, so that this much more can only be answers to what the peer sends
    if (this.#sent - this.#read >= 2 * MAX_UNREAD) {
      this.#connection.abort(new FloodError('The peer reads nothing, and goes on to send what has to be answered'))

      return false
    }

    this.#timer ??= setTimeout(() => { this.#pingAgain() }, PING_AGAIN)
    this.#streams.forEach(stream => { stream.onMuxerNeedsDrain?.() })

    return false
  }

  #ping (): void {
    const [number] = crypto.getRandomValues(new Uint32Array(1))
    const [oldest] = this.#pings.keys()

    if (this.#pings.size >= MAX_PINGS) {
      this.#pings.delete(oldest)
    }

    // before it is sent, which comes back to where the bytes are counted
    this.#pinged = this.#sent
    this.#pings.set(number, this.#sent)
    this.#muxer.sendPing(number)
  }

  #pingAgain (): void {
    this.#timer = undefined

    if (this.#connection.status === 'open' && this.#sent - this.#read >= MAX_UNREAD) {
      this.#ping()
      this.#timer ??= setTimeout(() => { this.#pingAgain() }, PING_AGAIN)
    }
  }

  #pong (header: YamuxHeader): void {
    const sent = (header.flag & SYN) === 0 && header.type === PING ? this.#pings.get(header.length) : undefined

    if (sent == null) {
      this.#handlePing(header)

      return
    }

    const waited = this.#sent - this.#read >= MAX_UNREAD
    this.#pings.delete(header.length)
    this.#read = Math.max(this.#read, sent)

    if (waited && this.#sent - this.#read < MAX_UNREAD) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#streams.forEach(stream => { stream.onMuxerDrain?.() })
    }
  }
}
