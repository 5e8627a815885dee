import type { HttpLimits } from './limits.ts'

/** The part of a socket that is used. */
export interface Closable {
  destroy (): void
}

/** A connection that was admitted. */
export interface Admitted {
  /** Call it when a request begins. */
  begin (): void
  /** Call it when a request ends. */
  end (): void
  /** Call it when the connection has closed. */
  close (): void
}

interface Held {
  readonly socket: Closable
  readonly address: string
  busy: number
}

/**
 * Bounds the connections of a server. If all places are taken, a connection of the address that
 * has the most is closed in favour of an address that has fewer: an idle one, or the oldest if
 * none is idle.
 */
export class Connections {
  readonly #limits: Pick<HttpLimits, 'maxConnections' | 'connectionsPerAddress'>
  /** By address, in the order in which they became idle or busy: the first has been so longest. */
  readonly #held = new Map<string, Set<Held>>()
  #count = 0
  #evicted = 0
  #refused = 0

  constructor (limits: Pick<HttpLimits, 'maxConnections' | 'connectionsPerAddress'>) {
    this.#limits = limits
  }

  get status (): { open: number, evicted: number, refused: number } {
    return { open: this.#count, evicted: this.#evicted, refused: this.#refused }
  }

  /**
   * Takes a place for a connection; undefined: there is none, so close the connection.
   *
   * @param socket - is destroyed if another connection takes its place
   * @param address - of the client, or of a proxy
   * @param isProxy - all places may be taken by connections of this address
   */
  admit (socket: Closable, address: string, isProxy = false): Admitted | undefined {
    const own = this.#held.get(address)?.size ?? 0

    if ((!isProxy && own >= this.#limits.connectionsPerAddress) || !this.#hasPlace(own)) {
      this.#refused++

      return undefined
    }

    const held: Held = { socket, address, busy: 0 }
    this.#insert(held)

    return {
      begin: () => {
        held.busy++
        this.#renew(held)
      },
      end: () => {
        held.busy--
        this.#renew(held)
      },
      close: () => { this.#remove(held) }
    }
  }

  #hasPlace (own: number): boolean {
    return this.#count < this.#limits.maxConnections || this.#evict(own)
  }

  /** Closes one connection of the address with the most; false if that would not be fair. */
  #evict (own: number): boolean {
    let most: Set<Held> | undefined

    for (const connections of this.#held.values()) {
      if (connections.size > (most?.size ?? 0)) {
        most = connections
      }
    }

    if (most == null) {
      return false
    }

    const idle = [...most].find(({ busy }) => busy === 0)

    // an idle connection loses nothing
    if (idle == null && most.size <= own + 1) {
      return false
    }

    const [oldest] = most
    const leaver = idle ?? oldest
    this.#evicted++
    this.#remove(leaver)
    leaver.socket.destroy()

    return true
  }

  #insert (held: Held): void {
    const connections = this.#held.get(held.address)
    this.#count++

    if (connections == null) {
      this.#held.set(held.address, new Set([held]))
    } else {
      connections.add(held)
    }
  }

  #remove (held: Held): void {
    const connections = this.#held.get(held.address)

    if (connections?.delete(held) === true) {
      this.#count--

      if (connections.size === 0) {
        this.#held.delete(held.address)
      }
    }
  }

  /** It is now the last that became idle or busy. */
  #renew (held: Held): void {
    const connections = this.#held.get(held.address)

    if (connections?.delete(held) === true) {
      connections.add(held)
    }
  }
}
