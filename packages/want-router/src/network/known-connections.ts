import type { Connection } from '@libp2p/interface'

/** One connection of a peer. */
export interface KnownConnection {
  /** Names it to the handlers. */
  readonly id: number
  readonly connection: Connection
  readonly openedAt: number
  /** The last sign of life. */
  aliveAt: number
  /** The last message. */
  heardAt: number
  /** It has been a choice for `doubtTimeout`. */
  considered: boolean
  /** The handlers were told so. */
  silent: boolean
  /** When it was seen that its muxer has ended. */
  muxerEndedAt: number | undefined
  /** It is being asked for a sign of life. */
  probe: AbortController | undefined
}

/** The open connections of one peer, in the order in which they opened, and what follows from their times. */
export interface KnownConnections extends Iterable<KnownConnection> {
  add (connection: Connection, id: number, now: number): KnownConnection
  delete (known: KnownConnection): void
  find (connection: Connection): KnownConnection | undefined
  includes (known: KnownConnection): boolean
  /** Since when another connection makes this one doubtful; undefined: it is not. */
  doubtedSince (known: KnownConnection): number | undefined
  /** The usable one that gave the last sign of life; of equals the newest. */
  liveliest (): KnownConnection | undefined
  /** The usable ones, `first` before the others, and those by their last sign of life. */
  usable (first: KnownConnection | undefined): Connection[]
  readonly all: readonly Connection[]
  readonly size: number
}

/** Whether a stream can be opened on the connection: it is open, its muxer has not ended, and no relay limits it. */
export function isUsable ({ connection, muxerEndedAt }: KnownConnection): boolean {
  return connection.status === 'open' && muxerEndedAt == null && connection.limits == null
}

/** Makes an empty table of connections. */
export function createKnownConnections (): KnownConnections {
  return new ConnectionList()
}

class ConnectionList implements KnownConnections {
  #known: KnownConnection[] = []

  get all (): readonly Connection[] {
    return this.#known.map(({ connection }) => connection)
  }

  get size (): number {
    return this.#known.length
  }

  [Symbol.iterator] (): Iterator<KnownConnection> {
    return this.#known[Symbol.iterator]()
  }

  add (connection: Connection, id: number, now: number): KnownConnection {
    const known = { id, connection, openedAt: now, aliveAt: now, heardAt: -Infinity, considered: false, silent: false, muxerEndedAt: undefined, probe: undefined }

    if (this.#known.length === 0) {
      // an array that grows has place for many, and most peers have one
      this.#known = [known]
    } else {
      this.#known.push(known)
    }

    return known
  }

  delete (known: KnownConnection): void {
    this.#known.splice(this.#known.indexOf(known), 1)
  }

  find (connection: Connection): KnownConnection | undefined {
    return this.#known.find(known => known.connection === connection)
  }

  includes (known: KnownConnection): boolean {
    return this.#known.includes(known)
  }

  doubtedSince (known: KnownConnection): number | undefined {
    if (known.connection.limits != null) {
      return
    }

    for (let i = this.#firstAfter(known.aliveAt); i < this.#known.length; i++) {
      const other = this.#known[i]

      if (other !== known && isUsable(other)) {
        return other.openedAt
      }
    }
  }

  liveliest (): KnownConnection | undefined {
    let best: KnownConnection | undefined

    for (const known of this.#known) {
      if (isUsable(known) && (best == null || known.aliveAt >= best.aliveAt)) {
        best = known
      }
    }

    return best
  }

  usable (first: KnownConnection | undefined): Connection[] {
    if (this.#known.length === 1) {
      // nearly always, and for each message that is sent
      const [only] = this.#known

      return isUsable(only) ? [only.connection] : []
    }

    const usable = this.#known.filter(isUsable).reverse().sort((a, b) => b.aliveAt - a.aliveAt).map(({ connection }) => connection)
    const at = first == null ? -1 : usable.indexOf(first.connection)

    if (first != null && at > 0) {
      usable.splice(at, 1)
      usable.unshift(first.connection)
    }

    return usable
  }

  /** The index of the first that opened after that: a peer may have very many. */
  #firstAfter (time: number): number {
    let [low, high] = [0, this.#known.length]

    while (low < high) {
      const middle = (low + high) >>> 1

      if (this.#known[middle].openedAt > time) {
        high = middle
      } else {
        low = middle + 1
      }
    }

    return low
  }
}
