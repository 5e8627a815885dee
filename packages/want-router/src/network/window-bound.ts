import type { Stream } from '@libp2p/interface'

/** Whether the peer's window is what bounds a stream: the window is full, and the stream carries much in a round trip. */
export interface WindowBound {
  /** Has to be called before and after something is sent on the stream. `left`: bytes that have left it. */
  look (stream: Stream, left: number): void
  readonly reached: boolean
}

/**
 * Fields of yamux's streams that are not part of the interface of streams. If they are
 * missing, as with mplex, which has no windows, no bound is reached.
 */
interface Windowed {
  sendWindowCapacity?: number
  /** The connection's round-trip time as yamux measures it, ms; below 0 while it is unknown. */
  getRTT? (): number
}

/**
 * Makes a detector. A full window alone says little: the window of a peer that reads
 * slowly is always full, and a further stream would only fill its buffers. So the stream
 * must also carry much in a round trip, which it never does with a slow reader or over a
 * short path.
 *
 * @param least - the bytes in a round trip that are much
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
