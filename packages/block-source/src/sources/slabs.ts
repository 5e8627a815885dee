import { allocate } from './allocate.ts'

/** Buffers that one range after another is read into, so that no memory has to be found, and be collected, for each. */
export interface Slabs {
  /** A buffer of that many bytes, with whatever was in it before. */
  take (length: number): Uint8Array
  /** Takes a buffer back, of which nothing is in use any more and into which nothing is being read. */
  give (slab: Uint8Array): void
}

/** Makes slabs of powers of two: ranges of about one length have the same. */
export function createSlabs (): Slabs {
  const free = new Map<number, ArrayBufferLike[]>()

  return {
    take (length) {
      const size = slabSize(length)
      const buffer = free.get(size)?.pop()

      return buffer == null ? allocate(size).subarray(0, length) : new Uint8Array(buffer, 0, length)
    },

    give ({ buffer }) {
      const same = free.get(buffer.byteLength)

      if (same == null) {
        free.set(buffer.byteLength, [buffer])
      } else {
        same.push(buffer)
      }
    }
  }
}

/** How much memory a slab for that many bytes takes. */
export function slabSize (length: number): number {
  return length <= 1 ? 1 : 2 ** Math.ceil(Math.log2(length))
}
