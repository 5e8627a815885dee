import type { Stream } from '@libp2p/interface'

/** Tells whether the peer's window for a stream is what bounds it: all that it opens is used, and is used up within a round trip or so. */
export interface WindowBound {
  /** To be called before something is sent on the stream, and after. `left`: bytes that have left by it. */
  look (stream: Stream, left: number): void
  readonly reached: boolean
}

/**
 * The fields read here are yamux's and not part of the interface of streams. Where
 * they are missing, as with mplex, which has no windows, no bound is reached.
 */
interface Windowed {
  sendWindowCapacity?: number
  /** Round trip of the connection as yamux itself measures it, ms; below 0 while it is not known. */
  getRTT? (): number
}

/**
 * A full window alone says little: that of a peer that reads slowly is always full,
 * and a further stream would only fill its buffers. So the stream must carry
 * much in a round trip as well, which a slow reader, or a short path, never does.
 *
 * @param least - bytes that are much in a round trip
 * @param now - monotonic time, ms
 */
export function createWindowBound (least: number, now: () => number): WindowBound {
  let full = false
  let inRoundTrip = 0
  let since: { at: number, left: number } | undefined

  return {
    look (stream, left) {
      const { sendWindowCapacity, getRTT } = stream as Windowed
      const rtt = getRTT?.call(stream) ?? -1
      const at = now()
      full = sendWindowCapacity === 0
      since ??= { at, left }

      if (at - since.at >= Math.max(rtt, 1)) {
        inRoundTrip = (left - since.left) * rtt / (at - since.at)
        since = { at, left }
      }
    },
    get reached () {
      return full && inRoundTrip >= least
    }
  }
}
