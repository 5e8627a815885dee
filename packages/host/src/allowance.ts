/** An allowance per second; unused units are kept for up to `seconds`. */
export interface Allowance {
  /** Uses up one unit. False: none is left. */
  take (): boolean
  /** How long until a unit is available, ms. */
  readonly wait: number
}

/**
 * Creates an allowance.
 *
 * @param perSecond - how many units are added each second
 * @param seconds - it begins with the units of this many seconds, and never has more
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
    // only read the clock when too little is left: it takes CPU
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
