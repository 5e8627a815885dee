import type { SentFrame, SentLog } from './sent-log.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, Stream } from '@libp2p/interface'

/** A stream that a writer writes to, or has written to. */
export interface Outbound {
  readonly stream: Stream
  readonly connection: Connection
  readonly protocol: BitswapProtocol
  readonly openedAt: number
  lastSent: number
  readonly sent: SentLog
  /** The peer has read to the end of it. */
  readonly acknowledged: boolean
  /** What it holds goes out elsewhere as well. */
  readonly handedOver: boolean
  /** It holds bytes that no other stream will send. */
  readonly holds: boolean
  /** For how long nothing has left although something waits, ms; 0 if nothing waits. */
  stuck (now: number): number
  /** What it holds is to be sent by another, which is given the frames. */
  handOver (): SentFrame[]
}

export function createOutboundStream (stream: Stream, connection: Connection, sent: SentLog, now: number): Outbound {
  let acknowledged = false
  let handedOver = false

  stream.addEventListener('remoteCloseWrite', () => {
    // peers close their half when they have read ours to its end; Helia at once, which says nothing
    acknowledged = stream.writeStatus === 'closed'
  })

  return {
    stream,
    connection,
    protocol: stream.protocol as BitswapProtocol,
    openedAt: now,
    lastSent: now,
    sent,

    get acknowledged () {
      return acknowledged
    },

    get handedOver () {
      return handedOver
    },

    get holds () {
      return !handedOver && stream.writeBufferLength > 0
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
