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
 * The streams to one peer: one that is written to, and those that are closing. Each is
 * opened, written to, retired and ended. When it ends, what it may not have delivered
 * goes back into the outbox.
 */
export interface OutboundStreams {
  /** The stream that is written to. */
  readonly current: OutboundStream | undefined
  /** The protocol of the last stream. */
  readonly protocol: BitswapProtocol
  readonly opener: Opener
  /** A stream is written to, is closing, or has ended and it is not known yet how. */
  readonly inUse: boolean
  /** The peer may have as much unread as it may be given, so no further stream is opened. */
  readonly unread: boolean
  /** A stream holds bytes that no other stream will send, or has ended and it is not known yet how. */
  readonly holding: boolean
  /** For how long nothing has left on that connection although something waits, ms; 0: nothing waits. */
  stuck (connection: Connection): number
  /** Notes what has left a stream. */
  settle (outbound: OutboundStream, now: number): void
  /** Stops writing to a stream, and closes it; what it holds is still sent. */
  retire (outbound: OutboundStream, now: number): void
  /** Checks the timeouts of the closing streams. */
  tickClosing (now: number): void
  /** Ends everything at once. */
  stop (error: Error): void
  /** Removes and returns the stream that is written to. */
  release (): Stream | undefined
}

/** What outbound streams are made with. */
export interface OutboundStreamsInit extends Omit<OpenerInit, 'opened' | 'failed'> {
  readonly budget: InFlightBudget
  readonly outbox: Outbox
  readonly size: MessageSize
  /** Whether a connection was given up, so that what was sent on it is not sent again. */
  isLost (connection: Connection): boolean
  /** A stream was opened, and can be written to. */
  opened (): void
  /** The stream may have capacity again. */
  writable (): void
  /** No stream could be opened. */
  failed (): void
  /** A stream has ended, and what has to be sent again is in the outbox. */
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
  /** How many streams have ended without it being known yet whether their connections have, too. */
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
    // libp2p's own listener came first and continues to send in a microtask: this waits for that
    stream.addEventListener('drain', () => { queueMicrotask(writable) })
    stream.addEventListener('close', event => { this.#closed(outbound, event) }, { once: true })
    // peers answer on streams of their own, so what arrives on this one can be dropped
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

  /** Puts what an ended stream may not have delivered into the outbox, to be sent again. */
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
      // if the stream ended without an error, its connection may have ended, with everything that was in flight
      outbox.resend(sent.salvage(now, this.#keep(outbound), connected && !unbounded ? 'stream' : 'connection'))
    }

    this.#init.ended()
  }

  /** Has the next stream send what does not leave this one. */
  #handOver (outbound: OutboundStream, now: number): void {
    this.settle(outbound, now)

    if (outbound.holds && outbound.stuck(now) >= this.#init.limits.handOverTimeout && this.#hasOther(outbound.connection)) {
      this.#init.outbox.resend(outbound.handOver())
    }
  }

  /** What is kept after it has left. */
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
