import type { Uint8ArrayList } from 'uint8arraylist'

/** The header of a yamux frame. */
export interface YamuxHeader {
  readonly type: number
  readonly flag: number
  readonly streamID: number
  readonly length: number
}

/** A yamux frame as libp2p's muxer takes it. */
export interface YamuxFrame {
  readonly header: YamuxHeader
  readonly data?: Uint8ArrayList
}

/** The length of a frame's header, bytes. */
export const HEADER_LENGTH = 12
/** The type of frames with the data of a stream. */
export const DATA = 0
/** The type of frames that open a window further. */
export const WINDOW_UPDATE = 1
/** The type of frames that the receiver must answer. */
export const PING = 2
/** The type of frames that end the session. */
export const GO_AWAY = 3
/** The flag of a frame that opens its stream. */
export const SYN = 1
/** The flag of a frame that resets its stream. */
export const RST = 8

/** How much a new stream may send before its window is opened further, bytes. */
export const INITIAL_WINDOW = 256 << 10

const VERSION = 0

/** Reads the header at the beginning of a buffer; undefined if it is not one of yamux. */
export function readHeader (buffer: Uint8ArrayList): YamuxHeader | undefined {
  const bytes = buffer.subarray(0, HEADER_LENGTH)

  if (bytes[0] !== VERSION) {
    return undefined
  }

  return {
    type: bytes[1],
    flag: bytes[2] << 8 | bytes[3],
    streamID: (bytes[4] << 24 | bytes[5] << 16 | bytes[6] << 8 | bytes[7]) >>> 0,
    length: (bytes[8] << 24 | bytes[9] << 16 | bytes[10] << 8 | bytes[11]) >>> 0
  }
}
