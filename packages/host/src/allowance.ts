/** An allowance per second; what was not used is kept for up to `seconds`. */
export interface Allowance {
  /** Uses one up. False: nothing is left. */
  take (): boolean
  /** How long until there is one, ms. */
  readonly wait: number
}

/**
 * Creates an allowance.
 *
 * @param perSecond - how much there is each second
 * @param seconds - it begins with this many seconds' worth, and never has more
 * @param now - monotonic time, ms
 */
export function createAllowance (perSecond: number, seconds = 1, now: () => number = () => performance.now()): Allowance {
  return new RefilledAllowance(perSecond / 1000, perSecond * seconds, now)
}

class RefilledAllowance implements Allowance {
  readonly #perMs: number
  readonly #most: number
  readonly #now: () => number
  #left: number
  #at: number

  constructor (perMs: number, most: number, now: () => number) {
    this.#perMs = perMs
    this.#most = most
    this.#now = now
    this.#left = most
    this.#at = now()
  }

  take (): boolean {
    // the clock is only read when there is too little: what is plenty costs nothing
    if (this.#left < 1) {
      this.#refill()
    }

    if (this.#left < 1) {
      return false
    }

    this.#left--

    return true
  }

  get wait (): number {
    return Math.max(0, (1 - this.#left) / this.#perMs)
  }

  #refill (): void {
    const now = this.#now()
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}
