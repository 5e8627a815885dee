import type { Connection, MessageStream } from '@libp2p/interface'

/** The encrypted connection below a muxer, over which a test can send bytes that the muxer would not. The field is not part of libp2p's interface. */
export function unmuxed (connection: Connection): MessageStream {
  const { muxer } = connection as unknown as { muxer: { maConn: MessageStream } }

  return muxer.maConn
}
