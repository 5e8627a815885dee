import { createSentFrame, messageOf } from './sent-frame.ts'
import type { NetworkLimits } from './defaults.ts'
import type { MessageSize } from './message-size.ts'
import type { SentFrame } from './sent-frame.ts'
import type { NetworkStats } from './stats.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/**
 * What goes next to one peer: first what earlier streams may not have delivered,
 * then what can be taken, and a greeting if there is neither.
 */
export interface Outbox {
  /** Something can be taken. */
  want (): void
  /** A message without content is due, unless another goes out first. */
  greet (): void
  /** These are sent again, before all else. */
  resend (frames: SentFrame[]): void
  /** Gives up what was to be sent again. */
  surrender (): Outgoing[]
  /** The next frame for a stream of that protocol. */
  next (protocol: BitswapProtocol): SentFrame | undefined
  /** Nothing is sent any more, until something is put in. */
  clear (): void
  /** Something may be taken. */
  readonly wanted: boolean
  /** There may be something with content. */
  readonly hasMessages: boolean
  /** There may be something. */
  readonly hasWork: boolean
}

/** Where an outbox takes its messages from. */
export interface OutboxInit {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly size: MessageSize
  /** The next message, or nothing. */
  take (maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
}

/** Makes the outbox of one peer. */
export function createOutbox (init: OutboxInit): Outbox {
  return new PeerOutbox(init)
}

class PeerOutbox implements Outbox {
  readonly #init: OutboxInit
  #again: SentFrame[] = []
  #wanted = false
  #greeting = false

  constructor (init: OutboxInit) {
    this.#init = init
  }

  get wanted (): boolean {
    return this.#wanted
  }

  get hasMessages (): boolean {
    return this.#wanted || this.#again.length > 0
  }

  get hasWork (): boolean {
    return this.hasMessages || this.#greeting
  }

  want (): void {
    this.#wanted = true
  }

  greet (): void {
    this.#greeting = true
  }

  resend (frames: SentFrame[]): void {
    this.#again = frames.concat(this.#again)
  }

  surrender (): Outgoing[] {
    const messages = this.#again.map(messageOf)
    this.#again = []

    return messages
  }

  next (protocol: BitswapProtocol): SentFrame | undefined {
    const old = this.#again.shift()

    if (old != null) {
      this.#init.stats.resends++
      this.#greeting = false

      return old.protocol === protocol ? old : createSentFrame(messageOf(old), protocol, old.resends)
    }

    if (this.#wanted) {
      // a wake from inside take() is not lost: the next tick sees it
      this.#wanted = false
      const message = this.#init.take(this.#init.size.bytes, protocol)

      if (message != null) {
        this.#wanted = true
        this.#greeting = false

        return createSentFrame(message, protocol, 0)
      }
    }

    if (this.#greeting) {
      this.#greeting = false

      // it is worth nothing once it is late
      return createSentFrame({}, protocol, this.#init.limits.maxResends)
    }
  }

  clear (): void {
    this.#again = []
    this.#wanted = false
    this.#greeting = false
  }
}
