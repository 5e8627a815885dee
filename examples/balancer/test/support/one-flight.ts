import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, StreamMuxer } from '@libp2p/interface'

/**
 * Opens a stream and sends its protocol, its data and its end without waiting for
 * an answer, like go-libp2p when it knows which protocols the peer supports.
 */
export async function sendInOneFlight (connection: Connection, protocol: BitswapProtocol, data: Uint8Array): Promise<void> {
  // newStream() waits for the answer, so use the muxer directly
  const { muxer } = connection as unknown as { muxer: StreamMuxer }
  const stream = await muxer.createStream()
  stream.send(Uint8Array.from([...line('/multistream/1.0.0'), ...line(protocol), ...data]))
  await stream.close()
}

/** A line of multistream-select. */
function line (text: string): number[] {
  return [text.length + 1, ...new TextEncoder().encode(`${text}\n`)]
}
