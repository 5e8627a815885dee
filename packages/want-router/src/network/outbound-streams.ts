import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { createClosingStreams } from './closing-streams.ts'
import { createOpener } from './opener.ts'
import { createOutboundStream } from './outbound-stream.ts'
import { createSentLog } from './sent-log.ts'
import type { ClosingStreams } from './closing-streams.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { MessageSize } from './message-size.ts'
import type { Opener, OpenerInit } from './opener.ts'
import type { OutboundStream } from './outbound-stream.ts'
import type { Outbox } from './outbox.ts'
import type { Keep } from './sent-log.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, Stream, StreamCloseEvent } from '@libp2p/interface'

/**
 * The streams to one peer: one that is written to, and those that are closing.
 * Each is opened, written to, retired and ended, and when it ends what it may not
 * have delivered goes back into the outbox.
 */
export interface OutboundStreams {
  /** The stream that is written to. */
  readonly current: OutboundStream | undefined
  /** What the last stream speaks. */
  readonly protocol: BitswapProtocol
  readonly opener: Opener
  /** There is one that is written to, or has not ended yet, or has ended and it is not known yet how. */
  readonly inUse: boolean
  /** The peer has as much to read as it may be given without a sign of it, so no further stream is opened. */
  readonly unread: boolean
  /** One of them holds bytes that no other stream will send, or has ended and it is not known yet how. */
  readonly holding: boolean
  /** For how long nothing of what waits to leave on that connection has left, ms; 0 if nothing waits. */
  stuck (connection: Connection): number
  /** Notes what has left a stream. */
  settle (outbound: OutboundStream, now: number): void
  /** The stream is not written to any more; what it holds still leaves. */
  retire (outbound: OutboundStream, now: number): void
  /** Looks at the timeouts of the streams that are closing. */
  tickClosing (now: number): void
  /** Ends everything at once. */
  stop (error: Error): void
  /** Takes the stream that is written to out of their number. */
  release (): Stream | undefined
}

/** Where streams are opened, and the listener for their states. */
export interface OutboundStreamsInit extends Omit<OpenerInit, 'opened' | 'failed'> {
  readonly budget: InFlightBudget
  readonly outbox: Outbox
  readonly size: MessageSize
  /** The connection has ended, and what was sent on it is not to be sent again. */
  isLost (connection: Connection): boolean
  /** There is a stream to be written to. */
  opened (): void
  /** The stream may take more. */
  writable (): void
  /** No stream could be opened. */
  failed (): void
  /** A stream has ended, and what is to be sent again is in the outbox. */
  ended (): void
}

/** Makes the outbound streams of one peer; none is open yet. */
export function createOutboundStreams (init: OutboundStreamsInit): OutboundStreams {
  return new PeerOutboundStreams(init)
}

class PeerOutboundStreams implements OutboundStreams {
  readonly opener: Opener
  readonly #init: OutboundStreamsInit
  readonly #closing: ClosingStreams
  #current: OutboundStream | undefined
  #protocol: BitswapProtocol = BITSWAP_PROTOCOLS[0]
  /** Streams that have ended, of which it is not known yet whether their connections have, too. */
  #ended = 0
  #stopped = false

  constructor (init: OutboundStreamsInit) {
    this.#init = init
    this.#closing = createClosingStreams(init.limits)
    this.opener = createOpener({
      ...init,
      opened: (stream, connection) => { this.#opened(stream, connection) }
    })
  }

  get current (): OutboundStream | undefined {
    return this.#current
  }

  get protocol (): BitswapProtocol {
    return this.#protocol
  }

  get inUse (): boolean {
    return this.#current != null || this.#closing.size > 0 || this.#ended > 0
  }

  get unread (): boolean {
    return this.#closing.unread(this.#init.now())
  }

  get holding (): boolean {
    const current = this.#current

    return this.#ended > 0 || this.#closing.holding || (current != null && (current.holds || current.stream.writableNeedsDrain))
  }

  stuck (connection: Connection): number {
    const now = this.#init.now()
    const current = this.#current
    let stuck = current?.connection === connection ? current.stuck(now) : 0

    for (const outbound of this.#closing) {
      stuck = Math.max(stuck, outbound.connection === connection ? outbound.stuck(now) : 0)
    }

    return stuck
  }

  settle (outbound: OutboundStream, now: number): void {
    outbound.sent.settle(outbound.stream.writeBufferLength, now, this.#keep(outbound))
  }

  retire (outbound: OutboundStream, now: number): void {
    const { stream } = outbound

    if (this.#current === outbound) {
      this.#current = undefined
    }

    this.#closing.add(outbound, now)

    if (stream.status === 'open') {
      this.#handOver(outbound, now)
    }

    stream.close().catch((err: Error) => { stream.abort(err) })
  }

  tickClosing (now: number): void {
    for (const outbound of this.#closing) {
      this.#handOver(outbound, now)
    }

    this.#closing.tick(now)
  }

  stop (error: Error): void {
    this.#stopped = true
    this.opener.stop(error)
    this.#closing.abort(error)
    this.release()?.abort(error)
  }

  release (): Stream | undefined {
    const stream = this.#current?.stream
    this.#current = undefined

    return stream
  }

  #opened (stream: Stream, connection: Connection): void {
    const { limits, size, budget, now, writable } = this.#init
    const openedAt = now()
    const outbound = createOutboundStream(stream, connection, createSentLog(limits, size, budget, openedAt), openedAt)
    this.#current = outbound
    this.#protocol = outbound.protocol
    // libp2p's own listener was there first and sends on in a microtask, so ours comes after that
    stream.addEventListener('drain', () => { queueMicrotask(writable) })
    stream.addEventListener('close', event => { this.#closed(outbound, event) }, { once: true })
    // replies come on their own streams, so whatever comes on this one need not be kept
    stream.closeRead().catch(() => {})
    this.#init.opened()
  }

  #closed (outbound: OutboundStream, event: StreamCloseEvent): void {
    this.#closing.delete(outbound)

    if (this.#stopped) {
      outbound.sent.clear()

      return
    }

    if (this.#current === outbound) {
      this.#current = undefined
    }

    this.#ended++
    // libp2p ends the streams of a connection before the connection
    queueMicrotask(() => {
      this.#ended--
      this.#salvage(outbound, event.error != null)
    })
  }

  /** Takes what a stream that has ended may not have delivered, to be sent again. */
  #salvage (outbound: OutboundStream, broken: boolean): void {
    const { limits, outbox } = this.#init
    const { connection, openedAt, sent, acknowledged, unbounded } = outbound
    const connected = connection.status === 'open'
    const now = this.#init.now()

    if (now - openedAt >= limits.minStreamLife) {
      this.opener.worked()
    } else if (broken && connected) {
      this.opener.broke()
    }

    if (this.#stopped || acknowledged || this.#init.isLost(connection)) {
      sent.clear()
    } else {
      // without an error it may be the connection that has gone, with whatever was under way
      outbox.resend(sent.salvage(now, this.#keep(outbound), connected && !unbounded ? 'stream' : 'connection'))
    }

    this.#init.ended()
  }

  /** Sends what does not leave on one stream on the next as well. */
  #handOver (outbound: OutboundStream, now: number): void {
    this.settle(outbound, now)

    if (outbound.holds && outbound.stuck(now) >= this.#init.limits.handOverTimeout && this.#hasOther(outbound.connection)) {
      this.#init.outbox.resend(outbound.handOver())
    }
  }

  /** What is kept once it has left. */
  #keep ({ connection, unbounded }: OutboundStream): Keep {
    const { idleTimeout, resendWindow } = this.#init.limits

    return {
      recent: Math.min(idleTimeout, Math.max(resendWindow, 4 * (connection.rtt ?? 0))),
      spare: unbounded || this.#hasOther(connection)
    }
  }

  #hasOther (connection: Connection): boolean {
    return this.#init.connections().some(other => other !== connection)
  }
}
