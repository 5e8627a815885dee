import { createDepartures } from './departures.ts'
import { DisconnectedError, NotConnectedError } from './errors.ts'
import { createPeer } from './peer.ts'
import type { Departures } from './departures.ts'
import type { Peer, PeerContext } from './peer.ts'
import type { Connection, StreamCloseEvent } from '@libp2p/interface'

/** The connected peers: each is added with its first connection, and removed with its last or when it is disconnected. */
export interface Peers extends Iterable<Peer> {
  get (id: string): Peer | undefined
  /** Returns the peer of an open connection, and adds the connection to it. */
  adopt (connection: Connection): Peer
  /** Whether the connection belongs to a peer that was disconnected. */
  isUnwelcome (connection: Connection): boolean
  /** Forgets the peer at once, resets its streams and closes its connections. */
  disconnect (peer: Peer): Promise<void>
  /** Forgets all of them. */
  clear (): void
  readonly size: number
}

/** What the connected peers share. */
export interface PeersInit {
  readonly context: PeerContext
  /** The peer's first connection has opened. */
  came (id: string): void
  /** The peer's last connection has closed, or it was disconnected. If many go at once, some are reported in later passes of the event loop. */
  gone (id: string): void
  /** Calls once at the end of the current pass of the event loop. */
  endOfTick (run: () => void): void
}

/** Makes an empty table of peers. */
export function createPeers (init: PeersInit): Peers {
  return new ConnectedPeers(init)
}

class ConnectedPeers implements Peers {
  readonly #context: PeerContext
  readonly #onCame: (id: string) => void
  readonly #departures: Departures
  readonly #peers = new Map<string, Peer>()
  /** Connections of peers that were disconnected, until they have closed. */
  readonly #unwelcome = new WeakSet<Connection>()
  #adopted = 0

  constructor ({ context, came, gone, endOfTick }: PeersInit) {
    this.#context = context
    this.#onCame = came
    this.#departures = createDepartures({ gone, now: context.now, endOfTick })
  }

  get size (): number {
    return this.#peers.size
  }

  [Symbol.iterator] (): Iterator<Peer> {
    return this.#peers.values()
  }

  get (id: string): Peer | undefined {
    return this.#peers.get(id)
  }

  adopt (connection: Connection): Peer {
    const id = connection.remotePeer.toString()
    const known = this.#peers.get(id)

    if (known == null) {
      this.#departures.settle(id)
    }

    const peer = known ?? createPeer(id, this.#context)

    if (known == null) {
      this.#peers.set(id, peer)
    }

    if (!peer.connections.includes(connection)) {
      peer.connected(connection, this.#adopted++)
      // one listener for all connections, since thousands of them are idle
      connection.addEventListener('close', this.#onConnectionClose)
    }

    if (known == null) {
      this.#onCame(id)
    }

    return peer
  }

  isUnwelcome (connection: Connection): boolean {
    return this.#unwelcome.has(connection)
  }

  async disconnect (peer: Peer): Promise<void> {
    if (this.#peers.get(peer.id) !== peer) {
      return
    }

    const connections = peer.connections.all

    for (const connection of connections) {
      this.#unwelcome.add(connection)
    }

    this.#drop(peer, new DisconnectedError())
    // in a microtask, because the caller may be in the middle of other work
    queueMicrotask(() => { this.#departures.add(peer.id) })

    await Promise.all(connections.map(async connection => {
      try {
        await connection.close({ signal: AbortSignal.timeout(this.#context.limits.closeTimeout) })
      } catch (err) {
        connection.abort(err as Error)
      }
    }))
  }

  clear (): void {
    this.#peers.clear()
    this.#departures.clear()
  }

  readonly #onConnectionClose = (event: StreamCloseEvent): void => {
    const connection = event.target as Connection
    const peer = this.#peers.get(connection.remotePeer.toString())

    if (peer?.disconnected(connection, event) === true && peer.connections.all.length === 0) {
      this.#drop(peer, new NotConnectedError('The last connection to the peer has closed'))
      this.#departures.add(peer.id)
    }
  }

  #drop (peer: Peer, error: Error): void {
    this.#peers.delete(peer.id)
    peer.leave(error)
    this.#context.mayBeIdle()
  }
}
