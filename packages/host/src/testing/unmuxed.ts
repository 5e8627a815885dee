import type { Connection, MessageStream } from '@libp2p/interface'

/** What a connection's muxer writes to: bytes that it has not made can be sent there, encrypted. The field is not part of libp2p's interface. */
export function unmuxed (connection: Connection): MessageStream {
  const { muxer } = connection as unknown as { muxer: { maConn: MessageStream } }

  return muxer.maConn
}
