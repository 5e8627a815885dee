import type { NetworkLimits } from './defaults.ts'

/** Decides when to greet a peer: to send it a message without content, so that it hears from this host. */
export interface Greetings {
  /** The peer has connected. */
  connected (now: number): void
  /** A connection of the peer, or a stream that it sent on, has broken, and the peer is still connected. */
  broke (now: number): void
  /** The peer has asked for something. */
  asked (): void
  /** Greets the peer if it is time; true while a greeting is due later. */
  tick (now: number): boolean
}

/** The factor by which each wait is longer than the one before it. */
const SLOWER = 4

/** Makes the greetings of one peer; `greet` sends one. */
export function createGreetings (limits: NetworkLimits, greet: () => void): Greetings {
  return new PeerGreetings(limits, greet)
}

class PeerGreetings implements Greetings {
  readonly #limits: NetworkLimits
  readonly #greet: () => void
  #next: number | undefined
  #wait = 0
  #left = 0
  #greeted = false

  constructor (limits: NetworkLimits, greet: () => void) {
    this.#limits = limits
    this.#greet = greet
  }

  connected (now: number): void {
    this.#begin(now, Math.max(this.#left, 1))
  }

  broke (now: number): void {
    this.#begin(now, this.#limits.greetings)
  }

  asked (): void {
    // the peer may have sent what arrives before the first greeting before it noticed the break
    if (this.#greeted) {
      this.#next = undefined
      this.#left = 0
    }
  }

  tick (now: number): boolean {
    if (this.#next != null && now >= this.#next) {
      this.#greeted = true
      this.#left--
      this.#wait *= SLOWER
      this.#next = this.#left > 0 ? now + this.#wait : undefined
      this.#greet()
    }

    return this.#next != null
  }

  #begin (now: number, count: number): void {
    // a greeting that is already scheduled is not postponed: otherwise a peer whose connections keep breaking would never get one
    if (this.#next == null || this.#greeted) {
      this.#wait = this.#limits.greetAfter
      this.#next = now + this.#wait
      this.#greeted = false
    }

    this.#left = count
  }
}
