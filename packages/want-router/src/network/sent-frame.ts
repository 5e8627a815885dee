import { decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/**
 * A message in its encoded form. The message itself is not kept: thousands of these wait
 * to be forgotten, and would keep their wants and blocks in memory.
 */
export interface SentFrame {
  /** Encoded for `protocol`. */
  readonly chunks: Uint8Array[]
  readonly length: number
  readonly protocol: BitswapProtocol
  /** How many times its stream broke while it was being sent or after it had left. */
  resends: number
  /** When it was passed to the stream, and later when it left, ms. */
  at: number
  /** The bytes that had been passed to the stream by then, including its own. */
  end: number
}

/** Encodes a message for a stream of that protocol. */
export function createSentFrame (message: Outgoing, protocol: BitswapProtocol, resends: number): SentFrame {
  const chunks = encodeFrame(message, protocol)
  let length = 0

  for (const chunk of chunks) {
    length += chunk.length
  }

  return { chunks, length, protocol, resends, at: 0, end: 0 }
}

/** Decodes a frame, so that it can be encoded for another protocol: what its own does not support is lost. */
export function messageOf ({ chunks }: SentFrame): Outgoing {
  const decoder = frameDecoder()
  const bodies: Uint8Array[] = []

  for (const chunk of chunks) {
    decoder.push(chunk, bodies)
  }

  return decodeMessage(bodies[0])
}
