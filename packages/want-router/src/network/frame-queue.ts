import { frameDecoder } from '@kitsune/bitswap-codec'
import type { NetworkStats } from './stats.ts'
import type { FrameDecoder } from '@kitsune/bitswap-codec'
import type { StreamMessageEvent } from '@libp2p/interface'

/** Splits the bytes of a stream into messages, and keeps those that are not handled yet. */
export interface FrameQueue {
  /** Adds bytes, and returns whether they completed a message. Throws if they are malformed. */
  push (data: StreamMessageEvent['data']): boolean
  /** Takes the oldest message; undefined: there is none. */
  shift (): Uint8Array | undefined
  clear (): void
  /** The length of the oldest message; 0 if there is none. */
  readonly nextBytes: number
  /** The number of complete messages. */
  readonly size: number
  readonly bytes: number
  /** Bytes of the incomplete message. */
  readonly pending: number
}

/** Makes an empty queue of frames. */
export function createFrameQueue (maxFrameLength: number, stats: NetworkStats): FrameQueue {
  return new StreamFrames(maxFrameLength, stats)
}

/** A class, because it is cheap to make: peers may open a stream for each message. */
class StreamFrames implements FrameQueue {
  readonly #decoder: FrameDecoder
  readonly #stats: NetworkStats
  #queue: Uint8Array[] = []
  /** Those before this index have been taken. */
  #next = 0
  #bytes = 0

  constructor (maxFrameLength: number, stats: NetworkStats) {
    this.#decoder = frameDecoder({ maxFrameLength })
    this.#stats = stats
  }

  get size (): number {
    return this.#queue.length - this.#next
  }

  get bytes (): number {
    return this.#bytes
  }

  get nextBytes (): number {
    return this.#next < this.#queue.length ? this.#queue[this.#next].length : 0
  }

  get pending (): number {
    return this.#decoder.pending
  }

  push (data: StreamMessageEvent['data']): boolean {
    if (this.#next > 0) {
      this.#queue.splice(0, this.#next)
      this.#next = 0
    }

    const before = this.#queue.length

    try {
      this.#decoder.push(data, this.#queue)
    } catch (err) {
      // complete messages that arrived with it are dropped, too
      this.#stats.badFrames++
      this.#stats.framesDropped += this.#queue.length - before
      this.#queue.length = before
      throw err
    }

    for (let i = before; i < this.#queue.length; i++) {
      this.#bytes += this.#queue[i].length
    }

    return this.#queue.length > before
  }

  shift (): Uint8Array | undefined {
    if (this.#next === this.#queue.length) {
      this.clear()

      return
    }

    const frame = this.#queue[this.#next++]
    this.#bytes -= frame.length

    return frame
  }

  clear (): void {
    this.#queue.length = 0
    this.#next = 0
    this.#bytes = 0
  }
}
