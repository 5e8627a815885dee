import { Uint8ArrayList } from 'uint8arraylist'
import type { SentFrame } from './sent-frame.ts'
import type { SentLog } from './sent-log.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, Stream } from '@libp2p/interface'

/** A stream that a writer writes to, or has written to. */
export interface OutboundStream {
  readonly stream: Stream
  readonly connection: Connection
  readonly protocol: BitswapProtocol
  readonly openedAt: number
  /** When a frame was last handed to it, ms. */
  readonly lastSent: number
  readonly sent: SentLog
  /** The peer has read to the end of it. */
  readonly acknowledged: boolean
  /**
   * The muxer has no flow control, so nothing tells how much of the stream the peer
   * holds unread, until it has read to the end. Not so with a peer that closes its
   * half at once, of which that cannot be told either.
   */
  readonly unbounded: boolean
  /** What was handed to it, bytes. */
  readonly bytes: number
  /** It holds bytes that no other stream will send. */
  readonly holds: boolean
  /** Hands a frame to the stream. */
  send (frame: SentFrame, now: number): void
  /** For how long nothing has left although something waits, ms; 0 if nothing waits. */
  stuck (now: number): number
  /** What it holds is to be sent by another, which is given the frames. */
  handOver (): SentFrame[]
}

/** Wraps a stream that has been negotiated. */
export function createOutboundStream (stream: Stream, connection: Connection, sent: SentLog, now: number): OutboundStream {
  let acknowledged = false
  let unbounded = connection.multiplexer?.startsWith('/mplex/') === true
  let bytes = 0
  let handedOver = false
  let lastSent = now

  stream.addEventListener('remoteCloseWrite', () => {
    // peers close their half when they have read ours to its end; Helia at once, which says nothing
    acknowledged = stream.writeStatus === 'closed'
    unbounded &&= stream.writeStatus !== 'writable'
  })

  return {
    stream,
    connection,
    protocol: stream.protocol as BitswapProtocol,
    openedAt: now,
    sent,

    get lastSent () {
      return lastSent
    },

    get acknowledged () {
      return acknowledged
    },

    get unbounded () {
      return unbounded
    },

    get bytes () {
      return bytes
    },

    get holds () {
      return !handedOver && stream.writeBufferLength > 0
    },

    send (frame, now) {
      sent.add(frame, now)
      bytes += frame.length
      lastSent = now
      stream.send(frame.chunks.length === 1 ? frame.chunks[0] : new Uint8ArrayList(...frame.chunks))
    },

    stuck (now) {
      return stream.writeBufferLength > 0 ? now - sent.progressAt : 0
    },

    handOver () {
      handedOver = true

      return sent.handOver()
    }
  }
}
