/** A request that has its turn. */
export interface Turn {
  /** States how many bytes of its answer are held in memory from now on. */
  hold (bytes: number): void
  /** Call it when the request has been answered. Further calls do nothing. */
  end (): void
}

/** The bytes and the waiting requests of one address. */
interface Share {
  held: number
  readonly waiting: Waiting[]
}

interface Waiting {
  readonly reserve: number
  start (turn: Turn): void
}

/**
 * Bounds the memory of answers that clients do not read, and shares it between addresses: a
 * request gets its turn while its address holds less than it leaves to all others.
 */
export class Turns {
  readonly #total: number
  readonly #mayWait: number
  readonly #shares = new Map<string, Share>()
  /** Addresses that wait, in the order in which they are served. */
  readonly #queue = new Set<string>()
  #held = 0

  /**
   * @param total - the most bytes for all addresses together
   * @param mayWait - the most waiting requests of one address
   */
  constructor (total: number, mayWait: number) {
    this.#total = total
    this.#mayWait = mayWait
  }

  /** Bytes that are held now. */
  get held (): number {
    return this.#held
  }

  /** Addresses that have a request. */
  get addresses (): number {
    return this.#shares.size
  }

  /**
   * Takes a turn, at once or later; undefined: too many requests of this address are waiting already.
   *
   * @param address - of the client
   * @param reserve - bytes to count until the size of the answer is known
   */
  enter (address: string, reserve: number): Turn | Promise<Turn> | undefined {
    const share = this.#shares.get(address) ?? { held: 0, waiting: [] }

    if (share.waiting.length === 0 && this.#mayStart(share)) {
      this.#shares.set(address, share)

      return this.#start(address, share, reserve)
    }

    if (share.waiting.length >= this.#mayWait) {
      return undefined
    }

    this.#shares.set(address, share)
    this.#queue.add(address)

    return new Promise(resolve => { share.waiting.push({ reserve, start: resolve }) })
  }

  /** An address that holds nothing may always start: the others may hold more than was reserved for them. */
  #mayStart ({ held }: Share): boolean {
    return held === 0 || held < this.#total - this.#held
  }

  #start (address: string, share: Share, reserve: number): Turn {
    let held = 0
    let ended = false

    const hold = (bytes: number): void => {
      this.#held += bytes - held
      share.held += bytes - held
      held = bytes
    }

    hold(reserve)

    return {
      hold: bytes => {
        if (!ended) {
          hold(bytes)
          this.#startNext()
        }
      },
      end: () => {
        if (!ended) {
          ended = true
          hold(0)
          this.#startNext()

          if (share.held === 0 && share.waiting.length === 0 && this.#shares.get(address) === share) {
            this.#shares.delete(address)
          }
        }
      }
    }
  }

  /** Starts one request of each address in turn, as long as they may start. */
  #startNext (): void {
    for (const address of this.#queue) {
      const share = this.#shares.get(address)

      if (share == null || !this.#mayStart(share)) {
        continue
      }

      const next = share.waiting.shift()
      this.#queue.delete(address)

      if (share.waiting.length > 0) {
        this.#queue.add(address) // at the end of the queue; this loop comes to it again
      }

      if (next != null) {
        next.start(this.#start(address, share, next.reserve))
      }
    }
  }
}
