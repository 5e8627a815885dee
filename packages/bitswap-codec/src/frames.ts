import { view } from './bytes.ts'
import { FrameTooLargeError, InvalidFrameError } from './errors.ts'
import { MAX_FRAME_LENGTH } from './limits.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

/**
 * Cuts the bytes that arrive on a stream into frames
 */
export interface FrameDecoder {
  /**
   * Takes a chunk that arrived and returns the bodies of the frames that it completes. Frames
   * of length 0 are left out: they are messages without content, and a chunk of 64 KiB can
   * contain 65,536 of them.
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

/** What a frame decoder accepts, and what it calls. */
export interface FrameDecoderInit {
  /**
   * The most bytes that the body of a frame may have. Default 4,194,304, above which
   * boxo resets a stream.
   */
  maxFrameLength?: number
}

const EMPTY = new Uint8Array(0)

// the most that go-varint accepts, with which boxo reads lengths
const MAX_LENGTH_BYTES = 9

// the most bytes to allocate before any have arrived, however many are declared: a peer may begin a message on each of a thousand streams
const UNEARNED = 1_024

// after that, at most this many times the bytes that have arrived are allocated
const GROWTH = 4

/** Creates a decoder of frames that has read nothing yet. */
export function frameDecoder (init: FrameDecoderInit = {}): FrameDecoder {
  return new Decoder(init.maxFrameLength ?? MAX_FRAME_LENGTH)
}

class Decoder implements FrameDecoder {
  private readonly maxFrameLength: number

  // the length of the next frame, while it is read
  private length = 0
  private lengthBytes = 0

  // the body, once the length is known
  private inBody = false
  private body: Uint8Array = EMPTY
  private arrived = 0

  // how many bytes have arrived after those that are being read
  private following = 0

  private failure: Error | undefined

  constructor (maxFrameLength: number) {
    this.maxFrameLength = maxFrameLength
  }

  get pending (): number {
    return this.lengthBytes + this.arrived
  }

  push (chunk: Uint8Array | Uint8ArrayList, frames: Uint8Array[] = []): Uint8Array[] {
    if (this.failure != null) {
      throw this.failure
    }

    if (chunk instanceof Uint8Array) {
      this.pushBytes(chunk, frames)
    } else {
      this.following = chunk.byteLength

      for (const part of chunk) {
        this.following -= part.length
        this.pushBytes(part, frames)
      }
    }

    return frames
  }

  private pushBytes (chunk: Uint8Array, frames: Uint8Array[]): void {
    let pos = 0

    while (pos < chunk.length) {
      if (this.inBody) {
        pos = this.readBody(chunk, pos, frames)
      } else if (chunk[pos] === 0 && this.lengthBytes === 0) {
        // an empty frame, of which there may be many
        pos++
      } else {
        this.readLengthByte(chunk[pos++])
      }
    }
  }

  private readLengthByte (byte: number): void {
    this.length += (byte & 0x7f) * 2 ** (7 * this.lengthBytes)
    this.lengthBytes++

    if (this.length > this.maxFrameLength) {
      this.fail(new FrameTooLargeError(`A frame of at least ${this.length} bytes is longer than the limit of ${this.maxFrameLength}`))
    }

    if (byte > 0x7f) {
      if (this.lengthBytes === MAX_LENGTH_BYTES) {
        this.fail(new InvalidFrameError(`The length of a frame continues after ${MAX_LENGTH_BYTES} bytes`))
      }
    } else if (byte === 0) {
      this.fail(new InvalidFrameError('The length of a frame is not minimally encoded'))
    } else {
      this.inBody = true
    }
  }

  /**
   * Reads body bytes from a position, and returns the position after them
   */
  private readBody (chunk: Uint8Array, pos: number, frames: Uint8Array[]): number {
    const end = pos + Math.min(this.length - this.arrived, chunk.length - pos)

    if (this.arrived === 0 && end - pos === this.length) {
      frames.push(view(chunk, pos, end))
      this.reset()
    } else {
      this.gather(chunk, pos, end)

      if (this.arrived === this.length) {
        frames.push(this.body)
        this.reset()
      }
    }

    return end
  }

  /**
   * Grows the body with the bytes that arrive, so that a declared length alone costs nothing
   */
  private gather (chunk: Uint8Array, start: number, end: number): void {
    const needed = this.arrived + end - start

    if (needed > this.body.length) {
      const grown = new Uint8Array(Math.min(this.length, this.arrived === 0 ? (needed + this.following) * GROWTH + UNEARNED : Math.max(needed, this.body.length * GROWTH)))
      grown.set(this.body.subarray(0, this.arrived))
      this.body = grown
    }

    this.body.set(view(chunk, start, end), this.arrived)
    this.arrived = needed
  }

  private reset (): void {
    this.length = 0
    this.lengthBytes = 0
    this.inBody = false
    this.body = EMPTY
    this.arrived = 0
  }

  private fail (error: Error): never {
    this.failure = error
    this.body = EMPTY
    throw error
  }
}
