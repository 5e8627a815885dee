/** A request that has its turn. */
export interface Turn {
  /** The bytes of its answer that are held in memory from now on. */
  hold (bytes: number): void
  /** It has been answered. May be called again. */
  end (): void
}

/** What one address holds. */
interface Share {
  held: number
  readonly waiting: Waiting[]
}

interface Waiting {
  readonly reserve: number
  start (turn: Turn): void
}

/**
 * Bounds the memory of answers that clients do not read, and shares it between
 * addresses: a request has its turn while its address holds no more than it leaves to all others.
 */
export class Turns {
  readonly #total: number
  readonly #mayWait: number
  readonly #shares = new Map<string, Share>()
  /** Addresses that wait, in the order in which they are served. */
  readonly #queue = new Set<string>()
  #held = 0

  /**
   * @param total - bytes for all
   * @param mayWait - requests of one address
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
   * Takes a turn, at once or later; undefined: too many of this address wait already.
   *
   * @param address - of the client
   * @param reserve - bytes to count until it is known what there will be
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

  /** One that holds nothing always may: others may hold more than was reserved for them. */
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

  /** Starts one of each address in turn, as long as there is room. */
  #startNext (): void {
    for (const address of this.#queue) {
      const share = this.#shares.get(address)

      if (share == null || !this.#mayStart(share)) {
        continue
      }

      const next = share.waiting.shift()
      this.#queue.delete(address)

      if (share.waiting.length > 0) {
        this.#queue.add(address) // behind the others; this loop comes to it again
      }

      if (next != null) {
        next.start(this.#start(address, share, next.reserve))
      }
    }
  }
}
