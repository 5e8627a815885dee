import { frameDecoder } from '@kitsune/bitswap-codec'
import type { NetworkStats } from './stats.ts'
import type { StreamMessageEvent } from '@libp2p/interface'

/** Cuts what comes on a stream into messages, and keeps those that are not handled yet. */
export interface FrameQueue {
  /** Returns whether a message is complete. Throws at what cannot be cut. */
  push (data: StreamMessageEvent['data']): boolean
  /** The oldest message, or nothing. */
  shift (): Uint8Array | undefined
  clear (): void
  /** Complete messages, and their bytes. */
  readonly size: number
  readonly bytes: number
  /** Bytes of the message that is not complete. */
  readonly pending: number
}

export function createFrameQueue (maxFrameLength: number, stats: NetworkStats): FrameQueue {
  const decoder = frameDecoder({ maxFrameLength })
  let queue: Uint8Array[] = []
  // those before this index have been taken
  let next = 0
  let bytes = 0

  function clear (): void {
    queue = []
    next = 0
    bytes = 0
  }

  return {
    push (data) {
      const frames: Uint8Array[] = []

      try {
        decoder.push(data, frames)
      } catch (err) {
        stats.badFrames++
        stats.framesDropped += frames.length
        throw err
      }

      for (const frame of frames) {
        bytes += frame.length
      }

      queue = queue.length === 0 ? frames : queue.concat(frames)

      return frames.length > 0
    },

    shift () {
      if (next === queue.length) {
        clear()
        return
      }

      const frame = queue[next++]
      bytes -= frame.length

      return frame
    },

    clear,

    get size () {
      return queue.length - next
    },

    get bytes () {
      return bytes
    },

    get pending () {
      return decoder.pending
    }
  }
}
