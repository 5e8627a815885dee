import { decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import { Uint8ArrayList } from 'uint8arraylist'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

const RAW = Uint8Array.of(0x01, 0x55, 0x12, 0x20)
/** Of CIDv0, which is all that 1.0.0 can carry. */
export const V0 = Uint8Array.of(0x00, 0x70, 0x12, 0x20)

/** A message with one block whose bytes begin with a number, to tell it from others. */
export function numbered (number: number, length = 16, prefix = RAW): Outgoing {
  const data = new Uint8Array(length)
  new DataView(data.buffer).setUint32(0, number)

  return { blocks: [{ prefix, data }] }
}

/** The numbers of the blocks in a message. */
export function numbers (message: BitswapMessage): number[] {
  return message.blocks.map(({ data }) => new DataView(data.buffer, data.byteOffset).getUint32(0))
}

/** What a message looks like on a stream. */
export function frame (message: Outgoing, protocol: BitswapProtocol = '/ipfs/bitswap/1.2.0'): Uint8Array {
  return new Uint8ArrayList(...encodeFrame(message, protocol)).slice()
}

/** The messages that were written to a stream. */
export function read (bytes: Uint8ArrayList): BitswapMessage[] {
  return frameDecoder().push(bytes.slice()).map(body => decodeMessage(body))
}

export function allNumbers (bytes: Uint8ArrayList): number[] {
  return read(bytes).flatMap(numbers)
}
