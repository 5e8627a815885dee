import type { NetworkLimits } from './defaults.ts'
import type { MessageSize } from './message-size.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/** A message on its way. */
export interface SentFrame {
  readonly message: Outgoing
  /** Encoded for `protocol`. */
  chunks: Uint8Array[]
  length: number
  protocol: BitswapProtocol
  /** How often it was on its way, or had left, when its stream broke. */
  resends: number
  /** When it was handed to the stream, and then when it left. */
  at: number
  /** How many bytes the stream had been handed with it. */
  end: number
}

/**
 * What was handed to one stream lately. libp2p gives no receipt: a message that
 * is sent in the moment in which the other side resets the stream is lost though
 * everything looked well. So all that has not left, and what has left within the
 * last few round trips, is kept to be sent again on the next stream.
 */
export interface SentLog {
  /** Notes a frame that is about to be handed to the stream. */
  add (frame: SentFrame, now: number): void
  /** The stream holds `unsent` bytes: notes what has left, forgets what is old. `keep`: ms. */
  settle (unsent: number, now: number, keep: number): void
  /** The stream has ended: all that may not have arrived and has not been tried too often, oldest first. */
  salvage (now: number, keep: number): SentFrame[]
  /** Oldest first. */
  readonly frames: readonly SentFrame[]
  /** When something last left or, with nothing unsent, was last handed over. */
  readonly progressAt: number
  readonly empty: boolean
}

export function sentLog (limits: NetworkLimits, size: MessageSize, now: number): SentLog {
  const frames: SentFrame[] = []
  let handed = 0
  let left = 0
  let progressAt = now
  // frames before this index have left; they hold `kept` bytes
  let leftFrames = 0
  let kept = 0
  let leftAt = now

  function expire (now: number, keep: number): void {
    let old = 0

    // the last one to leave stays however large it is, until it is old
    while (old < leftFrames && (now - frames[old].at > keep || (kept > limits.resendBytes && old < leftFrames - 1))) {
      kept -= frames[old].length
      old++
    }

    if (old > 0) {
      frames.splice(0, old)
      leftFrames -= old
    }
  }

  return {
    add (frame, now) {
      if (leftFrames === frames.length) {
        // nothing was waiting to leave, so no time was lost
        progressAt = now
      }

      handed += frame.length
      frame.at = now
      frame.end = handed
      frames.push(frame)
    },

    settle (unsent, now, keep) {
      if (handed - unsent > left) {
        left = handed - unsent
        progressAt = now
      }

      while (leftFrames < frames.length && frames[leftFrames].end <= left) {
        const frame = frames[leftFrames]
        size.left(frame.length, now - Math.max(frame.at, leftAt))
        leftAt = now
        frame.at = now
        kept += frame.length
        leftFrames++
      }

      expire(now, keep)
    },

    salvage (now, keep) {
      expire(now, keep)

      return frames.filter((frame, i) => {
        // what lay behind the one that was leaving cannot be what broke the stream
        if (i <= leftFrames) {
          frame.resends++
        }

        return frame.resends <= limits.maxResends
      })
    },

    frames,

    get progressAt () {
      return progressAt
    },

    get empty () {
      return frames.length === 0
    }
  }
}
