import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'

export type CreateMuxer = (components: never) => StreamMuxerFactory

/** Keeps the muxers that a factory makes, so that a test can open streams below libp2p's negotiation. */
export function keepMuxers (create: CreateMuxer, muxers: StreamMuxer[]): () => StreamMuxerFactory {
  return (...components: unknown[]) => {
    const factory = create(components[0] as never)

    return {
      protocol: factory.protocol,
      createStreamMuxer (connection) {
        const muxer = factory.createStreamMuxer(connection)
        muxers.push(muxer)

        return muxer
      }
    }
  }
}

/**
 * Sends a stream, its protocol, its data and its end without waiting for an
 * answer in between, as go-libp2p does once it knows what a peer speaks.
 */
export async function sendInOneFlight (muxer: StreamMuxer, protocol: BitswapProtocol, data: Uint8Array): Promise<void> {
  const stream = await muxer.createStream()
  stream.send(Uint8Array.from([...line('/multistream/1.0.0'), ...line(protocol), ...data]))
  await stream.close()
}

/** A line of multistream-select. */
function line (text: string): number[] {
  return [text.length + 1, ...new TextEncoder().encode(`${text}\n`)]
}
