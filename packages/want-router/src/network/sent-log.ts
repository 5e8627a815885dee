import type { NetworkLimits } from './defaults.ts'
import type { InFlight, InFlightBudget } from './in-flight.ts'
import type { MessageSize } from './message-size.ts'
import type { SentFrame } from './sent-frame.ts'

/** How long frames that have left are kept. */
export interface Keep {
  /** Time in case the peer resets the stream, ms. */
  readonly recent: number
  /** Whether more may be lost, and can be sent again: the peer has another connection, or the stream has no flow control. */
  readonly spare: boolean
}

/**
 * The frames that were recently passed to one stream. libp2p gives no receipt: a message
 * that is sent just when the other side resets the stream is lost without an error. So
 * frames that have not left, and those that left within the last few round trips, are
 * kept to be sent again on the next stream.
 *
 * A connection that breaks loses far more: everything that its windows, its socket and
 * the network hold, which a slow path takes a minute to deliver. A peer that has another
 * connection does not ask for that again, so in that case those frames are kept as well,
 * see {@link InFlightBudget}.
 */
export interface SentLog {
  /** Adds a frame that is about to be passed to the stream. */
  add (frame: SentFrame, now: number): void
  /** Notes which frames have left, given that the stream holds `unsent` bytes, and forgets old ones. */
  settle (unsent: number, now: number, keep: Keep): void
  /** The stream has ended: removes all frames, and returns those that may not have arrived and were not sent too often, oldest first. */
  salvage (now: number, keep: Keep, ended: 'stream' | 'connection'): SentFrame[]
  /** Removes and returns the frames that the stream still holds, for another one to send, oldest first. */
  handOver (): SentFrame[]
  /** Forgets everything. */
  clear (): void
  /** The frames that a reset of the stream may lose, oldest first. */
  readonly frames: readonly SentFrame[]
  /** When a frame last left or, if none was unsent, was last added. */
  readonly progressAt: number
  /** No frame is unsent, or has left recently. */
  readonly quiet: boolean
  /** No frame is kept at all. */
  readonly empty: boolean
}

/** Makes an empty log. */
export function createSentLog (limits: NetworkLimits, size: MessageSize, budget: InFlightBudget, now: number): SentLog {
  return new StreamSentLog(limits, size, budget, now)
}

/** Stands for a frame that is no longer kept; these are removed when there are more than `MAX_FORGOTTEN`, and they are the majority. */
const FORGOTTEN: SentFrame = { chunks: [], length: 0, protocol: '/ipfs/bitswap/1.2.0', resends: 0, at: 0, end: 0 }
const MAX_FORGOTTEN = 64

class StreamSentLog implements SentLog {
  /** Frames before `first` are forgotten, and frames before `leaving` have left. */
  readonly #frames: SentFrame[] = []
  #first = 0
  #leaving = 0
  readonly #limits: NetworkLimits
  readonly #size: MessageSize
  readonly #budget: InFlightBudget
  readonly #inFlight: InFlight
  #progressAt: number
  /** Bytes that were passed to the stream, and bytes that have left it. */
  #handed = 0
  #left = 0
  #leftAt: number
  /** Bytes of kept frames that have left. */
  #kept = 0

  constructor (limits: NetworkLimits, size: MessageSize, budget: InFlightBudget, now: number) {
    this.#limits = limits
    this.#size = size
    this.#budget = budget
    this.#inFlight = budget.open()
    this.#progressAt = now
    this.#leftAt = now
  }

  get progressAt (): number {
    return this.#progressAt
  }

  get frames (): readonly SentFrame[] {
    return this.#frames.slice(this.#first)
  }

  get quiet (): boolean {
    return this.#first === this.#frames.length
  }

  get empty (): boolean {
    return this.quiet && this.#inFlight.empty
  }

  add (frame: SentFrame, now: number): void {
    if (this.#leaving === this.#frames.length) {
      // no frame was waiting to leave, so the stream is not stuck
      this.#progressAt = now
    }

    this.#handed += frame.length
    this.#budget.unsent += frame.length
    frame.at = now
    frame.end = this.#handed
    this.#frames.push(frame)
  }

  settle (unsent: number, now: number, keep: Keep): void {
    if (this.#handed - unsent > this.#left) {
      this.#budget.unsent -= this.#handed - unsent - this.#left
      this.#left = this.#handed - unsent
      this.#progressAt = now
    }

    while (this.#leaving < this.#frames.length && this.#frames[this.#leaving].end <= this.#left) {
      const frame = this.#frames[this.#leaving]
      this.#size.left(frame.length, now - Math.max(frame.at, this.#leftAt))
      this.#leftAt = now
      frame.at = now
      this.#kept += frame.length
      this.#leaving++
    }

    this.#expire(now, keep)
  }

  salvage (now: number, keep: Keep, ended: 'stream' | 'connection'): SentFrame[] {
    this.#expire(now, keep)
    const lost = ended === 'connection' ? [...this.#inFlight.frames(), ...this.frames] : this.frames
    const leaving = this.#frames[this.#leaving]

    const salvaged = lost.filter(frame => {
      // frames behind the one that was leaving cannot have broken the stream
      if (leaving == null || frame.end <= leaving.end) {
        frame.resends++
      }

      return frame.resends <= this.#limits.maxResends
    })

    this.clear()

    return salvaged
  }

  handOver (): SentFrame[] {
    return this.#frames.splice(this.#leaving)
  }

  clear (): void {
    this.#frames.length = 0
    this.#first = 0
    this.#leaving = 0
    this.#kept = 0
    this.#budget.unsent -= this.#handed - this.#left
    this.#left = this.#handed
    this.#inFlight.clear()
  }

  #expire (now: number, { recent, spare }: Keep): void {
    // the last frame to leave is kept whatever its size, until it is old
    while (this.#first < this.#leaving && (now - this.#frames[this.#first].at > recent || (this.#kept > this.#limits.resendBytes && this.#first < this.#leaving - 1))) {
      const frame = this.#frames[this.#first]
      this.#kept -= frame.length
      this.#frames[this.#first++] = FORGOTTEN

      if (spare) {
        this.#inFlight.add(frame)
      }
    }

    if (this.#first === this.#frames.length || this.#first > Math.max(MAX_FORGOTTEN, this.#frames.length / 2)) {
      this.#frames.splice(0, this.#first)
      this.#leaving -= this.#first
      this.#first = 0
    }

    if (spare) {
      this.#inFlight.expire(now)
    } else {
      this.#inFlight.clear()
    }
  }
}
