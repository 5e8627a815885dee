import type { NetworkLimits } from './defaults.ts'
import type { InFlight, InFlightBudget } from './in-flight.ts'
import type { MessageSize } from './message-size.ts'
import type { SentFrame } from './sent-frame.ts'

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
 * the network hold, which a slow path delivers for a minute. The peer does not
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
  return new StreamSentLog(limits, size, budget, now)
}

class StreamSentLog implements SentLog {
  readonly frames: SentFrame[] = []
  readonly #limits: NetworkLimits
  readonly #size: MessageSize
  readonly #inFlight: InFlight
  #progressAt: number
  /** Bytes that were handed to the stream, and those that have left it. */
  #handed = 0
  #left = 0
  #leftAt: number
  /** Frames before this index have left; they hold `kept` bytes. */
  #leftFrames = 0
  #kept = 0

  constructor (limits: NetworkLimits, size: MessageSize, budget: InFlightBudget, now: number) {
    this.#limits = limits
    this.#size = size
    this.#inFlight = budget.open()
    this.#progressAt = now
    this.#leftAt = now
  }

  get progressAt (): number {
    return this.#progressAt
  }

  get quiet (): boolean {
    return this.frames.length === 0
  }

  get empty (): boolean {
    return this.frames.length === 0 && this.#inFlight.empty
  }

  add (frame: SentFrame, now: number): void {
    if (this.#leftFrames === this.frames.length) {
      // nothing was waiting to leave, so no time was lost
      this.#progressAt = now
    }

    this.#handed += frame.length
    frame.at = now
    frame.end = this.#handed
    this.frames.push(frame)
  }

  settle (unsent: number, now: number, keep: Keep): void {
    if (this.#handed - unsent > this.#left) {
      this.#left = this.#handed - unsent
      this.#progressAt = now
    }

    while (this.#leftFrames < this.frames.length && this.frames[this.#leftFrames].end <= this.#left) {
      const frame = this.frames[this.#leftFrames]
      this.#size.left(frame.length, now - Math.max(frame.at, this.#leftAt))
      this.#leftAt = now
      frame.at = now
      this.#kept += frame.length
      this.#leftFrames++
    }

    this.#expire(now, keep)
  }

  salvage (now: number, keep: Keep, ended: 'stream' | 'connection'): SentFrame[] {
    this.#expire(now, keep)
    const lost = ended === 'connection' ? [...this.#inFlight.frames(), ...this.frames] : this.frames
    const leaving = this.frames[this.#leftFrames]

    const salvaged = lost.filter(frame => {
      // what lay behind the one that was leaving cannot be what broke the stream
      if (leaving == null || frame.end <= leaving.end) {
        frame.resends++
      }

      return frame.resends <= this.#limits.maxResends
    })

    this.clear()

    return salvaged
  }

  handOver (): SentFrame[] {
    return this.frames.splice(this.#leftFrames)
  }

  clear (): void {
    this.frames.length = 0
    this.#leftFrames = 0
    this.#kept = 0
    this.#inFlight.clear()
  }

  #expire (now: number, { recent, spare }: Keep): void {
    const { frames } = this
    let old = 0

    // the last one to leave stays however large it is, until it is old
    while (old < this.#leftFrames && (now - frames[old].at > recent || (this.#kept > this.#limits.resendBytes && old < this.#leftFrames - 1))) {
      this.#kept -= frames[old].length

      if (spare) {
        this.#inFlight.add(frames[old])
      }

      old++
    }

    if (old > 0) {
      frames.splice(0, old)
      this.#leftFrames -= old
    }

    if (spare) {
      this.#inFlight.expire(now)
    } else {
      this.#inFlight.clear()
    }
  }
}
