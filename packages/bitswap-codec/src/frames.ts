import { view } from './bytes.ts'
import { FrameTooLargeError, InvalidFrameError } from './errors.ts'
import { MAX_FRAME_LENGTH } from './limits.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * Cuts what arrives on a stream into frames
 */
export interface FrameDecoder {
  /**
   * Takes what arrived and returns the bodies of the frames that it completes.
   *
   * A body that lies whole in one chunk is a view of it, one that spans chunks has a
   * buffer of its own.
   *
   * Throws `FrameTooLargeError` or `InvalidFrameError` as soon as the length of a frame
   * is known to be wrong, before anything of its body is kept, and from then on again:
   * there is no way to find the next frame, the stream is to be reset. Frames that the
   * same chunk held before it are in `frames`, which is appended to and returned: a new
   * array unless the caller gives one.
   */
  push (chunk: Uint8Array | Uint8ArrayList, frames?: Uint8Array[]): Uint8Array[]

  /**
   * How many bytes of an unfinished frame have arrived, its length included: more than
   * 0 at the end of a stream means that the stream was cut off
   */
  readonly pending: number
}

export interface FrameDecoderInit {
  /**
   * The most bytes that the body of a frame may have. 4,194,304 by default, where boxo
   * resets a stream.
   */
  maxFrameLength?: number
}

const EMPTY = new Uint8Array(0)

// go-varint, which boxo reads lengths with, takes no more
const MAX_LENGTH_BYTES = 9

// what a length that is only declared may cost
const UNEARNED = 65_536

// by how much the buffer of a body grows that has filled it
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
      fail(new FrameTooLargeError(`A frame of at least ${length} bytes is over the limit of ${maxFrameLength}`))
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
   * Grows with what arrives, so that a declared length costs nothing by itself
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

    // a frame of length 0 is complete without another byte, so this is asked first
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
