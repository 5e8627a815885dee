import { decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/**
 * A message on its way, as it was encoded. The message itself is not kept: thousands of
 * these wait to be forgotten, and it would keep its wants and blocks alive as long.
 */
export interface SentFrame {
  /** Encoded for `protocol`. */
  readonly chunks: Uint8Array[]
  readonly length: number
  readonly protocol: BitswapProtocol
  /** How often it was on its way, or had left, when its stream broke. */
  resends: number
  /** When it was handed to the stream, and then when it left, ms. */
  at: number
  /** How many bytes the stream had been handed with it. */
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

/** The content of a frame, to be encoded again: only what its protocol supports. */
export function messageOf ({ chunks }: SentFrame): Outgoing {
  const decoder = frameDecoder()
  const bodies: Uint8Array[] = []

  for (const chunk of chunks) {
    decoder.push(chunk, bodies)
  }

  return decodeMessage(bodies[0])
}
