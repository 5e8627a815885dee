import { BITSWAP_PROTOCOLS, decodeMessage, frameDecoder } from '@kitsune/bitswap-codec'
import type { BitswapMessage, BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'

/** What a message came by. */
export interface MessageOrigin {
  readonly connection: Connection
  readonly stream: Stream
  /** Bytes of the frame's body. */
  readonly size: number
}

/** Whose messages are received, and by what. */
export interface ReceiveMessagesInit {
  /** The protocols that are accepted. Default: all of bitswap. */
  readonly protocols?: readonly BitswapProtocol[]
  /** The longest frame that is accepted, bytes. Default: that of the codec. */
  readonly maxFrameLength?: number
  /** Streams that each connection may have open. Default 1,024. */
  readonly maxStreams?: number
  /** Called with each message, in the order of each stream. */
  onMessage (message: BitswapMessage, origin: MessageOrigin): void
  /** A stream carried something that is not bitswap, and was aborted. Default: nothing. */
  onError? (err: Error): void
}

/**
 * Reads the messages that peers send on streams which they open. For clients and
 * tests: a router's own network bounds what peers may send, and this does not.
 */
export async function receiveMessages (host: Libp2p, init: ReceiveMessagesInit): Promise<void> {
  const { protocols = BITSWAP_PROTOCOLS, maxFrameLength, maxStreams = 1024, onMessage, onError } = init

  // every listener is attached before anything is awaited: earlier events are lost
  await host.handle([...protocols], (stream, connection) => {
    const decoder = frameDecoder(maxFrameLength == null ? {} : { maxFrameLength })

    stream.addEventListener('message', ({ data }) => {
      try {
        for (const frame of decoder.push(data)) {
          onMessage(decodeMessage(frame), { connection, stream, size: frame.byteLength })
        }
      } catch (err) {
        stream.abort(err as Error)
        onError?.(err as Error)
      }
    })

    // a half-open stream counts against the peer's limits
    const closeOurs = (): void => { stream.close().catch(() => {}) }
    stream.addEventListener('remoteCloseWrite', closeOurs)

    // a stream may come with its data and its end at once
    if (stream.remoteWriteStatus === 'closed') {
      closeOurs()
    }
  }, { maxInboundStreams: maxStreams, maxOutboundStreams: maxStreams })
}
