import type { Connection } from '@libp2p/interface'

/** One connection of a peer. */
export interface KnownConnection {
  /** Names it to the exchange. */
  readonly id: number
  readonly connection: Connection
  readonly openedAt: number
  /** When the last sign of life arrived. */
  aliveAt: number
  /** When the last message arrived. */
  heardAt: number
  /** It has been open for `doubtTimeout`, and was considered for writing since. */
  considered: boolean
  /** The exchange was told that it is silent. */
  silent: boolean
  /** When it was noticed that its muxer has ended. */
  muxerEndedAt: number | undefined
  /** Ends the open request for a sign of life; undefined: there is none. */
  probe: AbortController | undefined
}

/** The open connections of one peer, in the order in which they opened. */
export interface KnownConnections extends Iterable<KnownConnection> {
  add (connection: Connection, id: number, now: number): KnownConnection
  delete (known: KnownConnection): void
  find (connection: Connection): KnownConnection | undefined
  includes (known: KnownConnection): boolean
  /** When a connection became doubted, which is when another opened after its last sign of life; undefined: it is not doubted. */
  doubtedSince (known: KnownConnection): number | undefined
  /** The usable connection with the latest sign of life; of equals the newest. */
  lastAlive (): KnownConnection | undefined
  /** The usable connections: first `first`, then the others by their last sign of life, latest first. */
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
      // an array that grows allocates space for many, and most peers have one connection
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

  lastAlive (): KnownConnection | undefined {
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
      // the usual case, which occurs for each message that is sent
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

  /** The index of the first connection that opened after that time, by binary search, since a peer may have very many. */
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
