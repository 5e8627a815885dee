import type { NetworkLimits } from './defaults.ts'
import type { InFlight, InFlightBudget } from './in-flight.ts'
import type { MessageSize } from './message-size.ts'
import type { SentFrame } from './sent-frame.ts'

/** How long what has left is kept. */
export interface Keep {
  /** In case the peer resets the stream, ms. */
  readonly recent: number
  /** Whether more than that may be lost, and can be sent again: the peer has another connection, or the stream no flow control. */
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

/** Makes an empty log. */
export function createSentLog (limits: NetworkLimits, size: MessageSize, budget: InFlightBudget, now: number): SentLog {
  return new StreamSentLog(limits, size, budget, now)
}

/** Stands in the place of a frame that is not kept any more; places are freed when there are this many, and more of them than of others. */
const FORGOTTEN: SentFrame = { chunks: [], length: 0, protocol: '/ipfs/bitswap/1.2.0', resends: 0, at: 0, end: 0 }
const MAX_FORGOTTEN = 64

class StreamSentLog implements SentLog {
  /** Those before `first` are forgotten, and those before `leaving` have left. */
  readonly #frames: SentFrame[] = []
  #first = 0
  #leaving = 0
  readonly #limits: NetworkLimits
  readonly #size: MessageSize
  readonly #budget: InFlightBudget
  readonly #inFlight: InFlight
  #progressAt: number
  /** Bytes that were handed to the stream, and those that have left it. */
  #handed = 0
  #left = 0
  #leftAt: number
  /** Bytes of frames that have left. */
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
      // nothing was waiting to leave, so no time was lost
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
    // the last one to leave stays however large it is, until it is old
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
