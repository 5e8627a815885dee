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
  /** When a frame was last passed to the stream, ms. */
  readonly lastSent: number
  readonly sent: SentLog
  /** The peer has read the stream to its end. */
  readonly acknowledged: boolean
  /**
   * The muxer has no flow control, so it is unknown how much of the stream the peer has
   * not read, until the peer closes its half at the end. False for a peer that closes its
   * half at once, since that says nothing.
   */
  readonly unbounded: boolean
  /** Bytes that were passed to the stream. */
  readonly bytes: number
  /** The stream holds bytes that no other stream will send. */
  readonly holds: boolean
  /** Passes a frame to the stream. */
  send (frame: SentFrame, now: number): void
  /** For how long nothing has left although something waits, ms; 0: nothing waits. */
  stuck (now: number): number
  /** Returns the frames that it holds, for another stream to send. */
  handOver (): SentFrame[]
}

/** Makes the record of a stream that has been negotiated. */
export function createOutboundStream (stream: Stream, connection: Connection, sent: SentLog, now: number): OutboundStream {
  let acknowledged = false
  let unbounded = connection.multiplexer?.startsWith('/mplex/') === true
  let bytes = 0
  let handedOver = false
  let lastSent = now

  stream.addEventListener('remoteCloseWrite', () => {
    // peers close their half when they have read this one to its end; Helia does so at once, which says nothing
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
