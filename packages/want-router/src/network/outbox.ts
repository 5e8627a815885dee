import { createSentFrame, messageOf } from './sent-frame.ts'
import type { NetworkLimits } from './defaults.ts'
import type { MessageSize } from './message-size.ts'
import type { SentFrame } from './sent-frame.ts'
import type { NetworkStats } from './stats.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/**
 * What is sent next to one peer: first what earlier streams may not have delivered, then
 * what can be taken, and a greeting if there is neither.
 */
export interface Outbox {
  /** Something can be taken. */
  want (): void
  /** A greeting is due, unless another message is sent first. */
  greet (): void
  /** Has these sent again, before everything else. */
  resend (frames: SentFrame[]): void
  /** Removes and returns what waits to be sent again. */
  takeResends (): Outgoing[]
  /** Takes the next frame for a stream of that protocol. */
  next (protocol: BitswapProtocol): SentFrame | undefined
  /** Drops everything. */
  clear (): void
  /** Something may be taken. */
  readonly wanted: boolean
  /** There may be a message with content. */
  readonly hasMessages: boolean
  /** There may be a message, or a greeting. */
  readonly hasWork: boolean
}

/** What an outbox is made with. */
export interface OutboxInit {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly size: MessageSize
  /** The next message; undefined: there is none. */
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

  takeResends (): Outgoing[] {
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
      // set before `take`, so that a wake from inside it is not lost
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

      // a late greeting is useless, so it is not sent again
      return createSentFrame({}, protocol, this.#init.limits.maxResends)
    }
  }

  clear (): void {
    this.#again = []
    this.#wanted = false
    this.#greeting = false
  }
}
