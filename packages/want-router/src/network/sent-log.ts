import type { NetworkLimits } from './defaults.ts'
import type { InFlightBudget } from './in-flight.ts'
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

/** How long what has left is kept. */
export interface Keep {
  /** In case the peer resets the stream, ms. */
  readonly recent: number
  /** Whether the peer has another connection, on which it could be sent again if this one breaks. */
  readonly spare: boolean
}

/**
 * What was handed to one stream lately. libp2p gives no receipt: a message that
 * is sent in the moment in which the other side resets the stream is lost though
 * everything looked well. So all that has not left, and what has left within the
 * last few round trips, is kept to be sent again on the next stream.
 *
 * A connection that breaks loses far more: all that its windows, its socket and
 * the network hold, which a slow line delivers for a minute. The peer does not
 * ask for that again as long as it has another connection, so then it is kept
 * as well, see {@link InFlightBudget}.
 */
export interface SentLog {
  /** Notes a frame that is about to be handed to the stream. */
  add (frame: SentFrame, now: number): void
  /** The stream holds `unsent` bytes: notes what has left, forgets what is old. */
  settle (unsent: number, now: number, keep: Keep): void
  /** The stream has ended: all that may not have arrived and has not been tried too often, oldest first. Nothing is kept any more. */
  salvage (now: number, keep: Keep, ended: 'stream' | 'connection'): SentFrame[]
  /** Gives up what the stream still holds, for another one to send it: oldest first. */
  handOver (): SentFrame[]
  /** Forgets everything. */
  clear (): void
  /** What a stream that is reset may lose, oldest first. */
  readonly frames: readonly SentFrame[]
  /** When something last left or, with nothing unsent, was last handed over. */
  readonly progressAt: number
  /** Nothing is unsent, and nothing has left lately. */
  readonly quiet: boolean
  /** Nothing is kept at all. */
  readonly empty: boolean
}

export function createSentLog (limits: NetworkLimits, size: MessageSize, budget: InFlightBudget, now: number): SentLog {
  const inFlight = budget.open()
  const frames: SentFrame[] = []
  let handed = 0
  let left = 0
  let progressAt = now
  // frames before this index have left; they hold `kept` bytes
  let leftFrames = 0
  let kept = 0
  let leftAt = now

  function expire (now: number, { recent, spare }: Keep): void {
    let old = 0

    // the last one to leave stays however large it is, until it is old
    while (old < leftFrames && (now - frames[old].at > recent || (kept > limits.resendBytes && old < leftFrames - 1))) {
      kept -= frames[old].length

      if (spare) {
        inFlight.add(frames[old])
      }

      old++
    }

    if (old > 0) {
      frames.splice(0, old)
      leftFrames -= old
    }

    if (spare) {
      inFlight.expire(now)
    } else {
      inFlight.clear()
    }
  }

  const self: SentLog = {
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

    salvage (now, keep, ended) {
      expire(now, keep)
      const lost = ended === 'connection' ? [...inFlight.frames(), ...frames] : frames
      const leaving = frames[leftFrames]

      const salvaged = lost.filter(frame => {
        // what lay behind the one that was leaving cannot be what broke the stream
        if (leaving == null || frame.end <= leaving.end) {
          frame.resends++
        }

        return frame.resends <= limits.maxResends
      })

      self.clear()

      return salvaged
    },

    handOver () {
      return frames.splice(leftFrames)
    },

    clear () {
      frames.length = 0
      leftFrames = 0
      kept = 0
      inFlight.clear()
    },

    frames,

    get progressAt () {
      return progressAt
    },

    get quiet () {
      return frames.length === 0
    },

    get empty () {
      return frames.length === 0 && inFlight.empty
    }
  }

  return self
}
