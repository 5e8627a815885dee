import { view } from './bytes.ts'
import { FrameTooLargeError, InvalidFrameError } from './errors.ts'
import { MAX_FRAME_LENGTH } from './limits.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * Cuts the bytes that arrive on a stream into frames
 */
export interface FrameDecoder {
  /**
   * Takes a chunk that arrived and returns the bodies of the frames that it completes.
   *
   * A body that arrived in a single chunk is a view of that chunk; a body that spans
   * chunks has its own buffer.
   *
   * Throws `FrameTooLargeError` or `InvalidFrameError` as soon as it knows that the
   * length of a frame is wrong, before it keeps any of the frame's body. Every later call
   * throws the same error: the decoder cannot find the next frame, so reset the stream.
   * The method appends to `frames` and returns it (a new array by default), so the frames
   * that came before the bad one in the same chunk are in the array that the caller gave.
   */
  push (chunk: Uint8Array | Uint8ArrayList, frames?: Uint8Array[]): Uint8Array[]

  /**
   * How many bytes of an unfinished frame have arrived, including its length. More than
   * 0 at the end of a stream means that the stream was cut off.
   */
  readonly pending: number
}

export interface FrameDecoderInit {
  /**
   * The most bytes that the body of a frame may have. Default 4,194,304, above which
   * boxo resets a stream.
   */
  maxFrameLength?: number
}

const EMPTY = new Uint8Array(0)

// boxo reads lengths with go-varint, which accepts no more
const MAX_LENGTH_BYTES = 9

// how much may be allocated for bytes that were declared but have not arrived
const UNEARNED = 65_536

// the factor by which a full buffer grows
const GROWTH = 4

export function frameDecoder (init: FrameDecoderInit = {}): FrameDecoder {
  const maxFrameLength = init.maxFrameLength ?? MAX_FRAME_LENGTH

  // the length of the next frame, while it is read
  let length = 0
  let lengthBytes = 0

  // the body, once the length is known
  let inBody = false
  let body: Uint8Array = EMPTY
  let arrived = 0

  let failure: Error | undefined

  function fail (error: Error): never {
    failure = error
    body = EMPTY
    throw error
  }

  function readLengthByte (byte: number): void {
    length += (byte & 0x7f) * 2 ** (7 * lengthBytes)
    lengthBytes++

    if (length > maxFrameLength) {
      fail(new FrameTooLargeError(`A frame of at least ${length} bytes is longer than the limit of ${maxFrameLength}`))
    }

    if (byte > 0x7f) {
      if (lengthBytes === MAX_LENGTH_BYTES) {
        fail(new InvalidFrameError(`The length of a frame goes on after ${MAX_LENGTH_BYTES} bytes`))
      }
    } else if (byte === 0 && lengthBytes > 1) {
      fail(new InvalidFrameError('The length of a frame is not minimally encoded'))
    } else {
      inBody = true
    }
  }

  /**
   * Grows the body with the bytes that arrive, so that a declared length alone costs nothing
   */
  function gather (chunk: Uint8Array, start: number, end: number): void {
    const needed = arrived + end - start

    if (needed > body.length) {
      const grown = new Uint8Array(Math.min(length, arrived === 0 ? needed + UNEARNED : Math.max(needed, body.length * GROWTH)))
      grown.set(body.subarray(0, arrived))
      body = grown
    }

    body.set(view(chunk, start, end), arrived)
    arrived = needed
  }

  function reset (): void {
    length = 0
    lengthBytes = 0
    inBody = false
    body = EMPTY
    arrived = 0
  }

  function pushBytes (chunk: Uint8Array, frames: Uint8Array[]): void {
    let pos = 0

    // a frame of length 0 is complete without another byte, so check this first
    for (;;) {
      if (inBody) {
        const end = pos + Math.min(length - arrived, chunk.length - pos)

        if (arrived === 0 && end - pos === length) {
          frames.push(view(chunk, pos, end))
          reset()
        } else {
          gather(chunk, pos, end)

          if (arrived === length) {
            frames.push(body)
            reset()
          }
        }

        pos = end
      }

      while (!inBody && pos < chunk.length) {
        readLengthByte(chunk[pos++])
      }

      if (!inBody || (pos === chunk.length && length > 0)) {
        return
      }
    }
  }

  return {
    push (chunk, frames = []) {
      if (failure != null) {
        throw failure
      }

      if (chunk instanceof Uint8Array) {
        pushBytes(chunk, frames)
      } else {
        for (const part of chunk) {
          pushBytes(part, frames)
        }
      }

      return frames
    },

    get pending () {
      return lengthBytes + arrived
    }
  }
}
