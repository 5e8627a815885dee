import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, StreamMuxer } from '@libp2p/interface'

/**
 * Sends a stream, its protocol, its data and its end without waiting for an answer in
 * between, as go-libp2p does once it knows a peer's protocols.
 */
export async function sendInOneFlight (connection: Connection, protocol: BitswapProtocol, data: Uint8Array): Promise<void> {
  // newStream() waits for the answer: this goes below it
  const { muxer } = connection as unknown as { muxer: StreamMuxer }
  const stream = await muxer.createStream()
  stream.send(Uint8Array.from([...line('/multistream/1.0.0'), ...line(protocol), ...data]))
  await stream.close()
}

/** A line of multistream-select. */
function line (text: string): number[] {
  return [text.length + 1, ...new TextEncoder().encode(`${text}\n`)]
}
