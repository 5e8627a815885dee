import { allocate } from './allocate.ts'

/** Buffers into which one range after another is read, so that not each of them needs its own memory. */
export interface Slabs {
  /** Returns a buffer of this length, with whatever bytes were in it before. */
  take (length: number): Uint8Array
  /** Takes a buffer back. No block in it may be in use any more, and no read may write to it. */
  give (slab: Uint8Array): void
}

/** Creates slabs whose sizes are powers of two, so that ranges of similar lengths can use the same slab. */
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

/** How much memory a slab for this many bytes takes. */
export function slabSize (length: number): number {
  return length <= 1 ? 1 : 2 ** Math.ceil(Math.log2(length))
}
