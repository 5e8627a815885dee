import { Uint8ArrayList } from 'uint8arraylist'

/** Noise puts the length of a frame before it, in two bytes. */
const LENGTH_PREFIX = 2

/** A frame, in pieces if it has arrived in pieces. */
export type NoiseFrame = Uint8Array | Uint8ArrayList

/**
 * Cuts received data into noise's frames. For a frame that arrives in one piece it creates
 * neither a list of pieces nor a generator, as libp2p's decoder does.
 */
export interface NoiseFrames {
  /** The frames that this data completes, without their lengths. Empty frames are left out. */
  decode (data: NoiseFrame): NoiseFrame[]
}

/** @param rest - data that arrived before and was not cut */
export function createNoiseFrames (rest: Uint8ArrayList = new Uint8ArrayList()): NoiseFrames {
  return new FrameCutter(rest)
}

class FrameCutter implements NoiseFrames {
  /** The beginning of a frame. */
  readonly #rest: Uint8ArrayList

  constructor (rest: Uint8ArrayList) {
    this.#rest = rest
  }

  decode (data: NoiseFrame): NoiseFrame[] {
    const frames: NoiseFrame[] = []

    for (const piece of data instanceof Uint8Array ? [data] : data) {
      const position = this.#rest.byteLength === 0 ? 0 : this.#complete(piece, frames)
      this.#cut(piece, position, frames)
    }

    return frames
  }

  /** Adds a piece to the frame that has begun; returns where in it that frame ends. */
  #complete (piece: Uint8Array, frames: NoiseFrame[]): number {
    const rest = this.#rest
    const before = rest.byteLength
    rest.append(piece)

    if (rest.byteLength < LENGTH_PREFIX) {
      return piece.length
    }

    const end = LENGTH_PREFIX + (rest.get(0) << 8 | rest.get(1))

    if (rest.byteLength < end) {
      return piece.length
    }

    if (end > LENGTH_PREFIX) {
      frames.push(rest.sublist(LENGTH_PREFIX, end))
    }

    rest.consume(rest.byteLength)

    return end - before
  }

  #cut (piece: Uint8Array, position: number, frames: NoiseFrame[]): void {
    while (position + LENGTH_PREFIX <= piece.length) {
      const start = position + LENGTH_PREFIX
      const end = start + (piece[position] << 8 | piece[position + 1])

      if (end > piece.length) {
        break
      }

      if (end > start) {
        frames.push(piece.subarray(start, end))
      }

      position = end
    }

    if (position < piece.length) {
      this.#rest.append(piece.subarray(position))
    }
  }
}
