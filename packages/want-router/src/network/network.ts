import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { DEFAULT_NETWORK_LIMITS } from './defaults.ts'
import { dial } from './dial.ts'
import { DisconnectedError, NetworkStoppedError, NotConnectedError } from './errors.ts'
import { createFlushes } from './flushes.ts'
import { createInFlightBudget } from './in-flight.ts'
import { createPeer } from './peer.ts'
import { createNetworkStats } from './stats.ts'
import { realAfter, createWatch } from './watch.ts'
import type { ConnectionState } from './connections.ts'
import type { NetworkLimits } from './defaults.ts'
import type { Peer } from './peer.ts'
import type { NetworkStats } from './stats.ts'
import type { After } from './watch.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { ComponentLogger, Connection, Libp2pEvents, PeerId, PeerStore, Stream, StreamCloseEvent, TypedEventTarget } from '@libp2p/interface'
import type { ConnectionManager, Registrar } from '@libp2p/interface-internal'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What the network needs of a libp2p host; libp2p's own components fit. */
export interface NetworkComponents {
  registrar: Pick<Registrar, 'handle' | 'unhandle'>
  connectionManager: Pick<ConnectionManager, 'getConnections' | 'openConnection'>
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
  /** With it, peers that were connected to are the last to be pruned when the host has too many connections. */
  peerStore?: Pick<PeerStore, 'merge'>
}

/** Who listens to the network. */
export interface NetworkHandlers {
  /**
   * A message has come. A returned promise holds the reading of its stream until
   * it settles; throwing, or rejecting, resets that stream. False says that
   * nothing was waiting for the message: it is counted as dropped. `connection`
   * names the one on which it came, as no other of this network is named.
   */
  message (peer: string, message: BitswapMessage, protocol: BitswapProtocol, connection: number): Promise<void> | false | undefined
  /**
   * What has become of one of several connections of a peer. What the peer wanted
   * on a `silent` one may be what its former process wanted: it is not worth
   * serving before it is `heard`, or asked for on another, and ends when it is `lost`.
   */
  connection? (peer: string, connection: number, is: ConnectionState): void
  /** The peer's last connection has closed, or it was disconnected: all its state goes. */
  gone (peer: string): void
}

export interface NetworkInit {
  handlers: NetworkHandlers
  /**
   * Called whenever a message can be sent to the peer, after a `wake`, until it
   * returns nothing. `maxBytes` bounds the message; one bigger block alone may
   * exceed it. It must not call `wake` for the same peer. What it returns, and
   * the blocks in it, must not be written to afterwards: it may be sent again.
   */
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** Monotonic time, ms. */
  now? (): number
  /** Uniform in [0, 1). */
  random? (): number
  /** The one timer. It should hold no process open. */
  after?: After
  limits?: Partial<NetworkLimits>
}

/** Bitswap messages to and from the peers of one host. */
export interface Network {
  /** Registers all versions of bitswap. Throws if something else has registered one of them. */
  start (): Promise<void>
  /** Ends all streams, of those it writes to after what was taken has left. No handler is called any more. */
  stop (): Promise<void>
  /** Something can be taken for that peer. Cheap, idempotent; sends at once if the stream takes it. A peer that is not connected is ignored. */
  wake (peer: string): void
  /**
   * Dials the peer unless it is connected, at one address after another, opens a
   * stream and resolves with the protocol that was negotiated. Throws
   * `NoBitswapError` if it speaks none of our versions, `NotConnectedError` if
   * there are only limited (relayed) connections, `UnreachableError` if no
   * address works, and what libp2p throws.
   */
  connect (peer: PeerId, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<BitswapProtocol>
  /** Forgets the peer at once (`gone` follows in a microtask), resets its streams and closes its connections. */
  disconnect (peer: string): Promise<void>
  /** Waits until nothing is left to be taken or in a stream's buffer: true; or until the signal aborts: false. */
  flushed (signal?: AbortSignal): Promise<boolean>
  readonly stats: Readonly<NetworkStats>
  /** Peers connected at the moment, and what is watched for a timeout: both are 0 when everybody is gone. */
  readonly sizes: { readonly peers: number, readonly watched: number }
}

/** Protects what we dial from being pruned. */
const TAG = 'kitsune-bitswap'
const TAG_VALUE = 100

export function createNetwork (init: NetworkInit, components: NetworkComponents): Network {
  const { handlers } = init
  const { registrar, connectionManager, events, peerStore } = components
  const limits: NetworkLimits = { ...DEFAULT_NETWORK_LIMITS, ...init.limits }
  const log = components.logger.forComponent('kitsune:network')
  const now = init.now ?? (() => performance.now())
  const stats = createNetworkStats()
  const watch = createWatch(limits.tickInterval, now, init.after ?? realAfter)
  const peers = new Map<string, Peer>()
  // connections of peers that were disconnected, until they have closed
  const unwelcome = new WeakSet<Connection>()
  const flushing = createFlushes(idle, watch)
  let running = false
  let adopted = 0

  const context = {
    limits,
    stats,
    watch,
    log,
    budget: createInFlightBudget(limits),
    now,
    random: init.random ?? Math.random,
    message: (...args: Parameters<NetworkHandlers['message']>) => handlers.message(...args),
    connection (peer: string, connection: number, is: ConnectionState) {
      try {
        handlers.connection?.(peer, connection, is)
      } catch (err) {
        log.error('could not note what has become of a connection - %e', err)
      }
    },
    take: (...args: Parameters<NetworkInit['take']>) => init.take(...args),
    stalled (peer: Peer) {
      disconnect(peer).catch((err: Error) => { log.error('could not disconnect a peer that takes nothing - %e', err) })
    },
    rested: flushing.rested
  }

  function adopt (connection: Connection): Peer {
    const id = connection.remotePeer.toString()
    let peer = peers.get(id)

    if (peer == null) {
      peer = createPeer(id, context)
      peers.set(id, peer)
    }

    if (!peer.connections.includes(connection)) {
      peer.connected(connection, adopted++)
      connection.addEventListener('close', event => { onConnectionClose(connection, event) }, { once: true })
    }

    return peer
  }

  /** Synchronous, since the reader must attach its listeners before anything else happens. */
  function onStream (stream: Stream, connection: Connection): void {
    // negotiating takes a while: the connection may have closed meanwhile
    if (!running || connection.status !== 'open' || unwelcome.has(connection)) {
      stream.abort(new DisconnectedError())
      return
    }

    adopt(connection).read(stream, connection)
  }

  function onConnectionOpen ({ detail: connection }: CustomEvent<Connection>): void {
    if (connection.status === 'open') {
      adopt(connection)
    }
  }

  function onConnectionClose (connection: Connection, event: StreamCloseEvent): void {
    const peer = peers.get(connection.remotePeer.toString())

    if (peer?.disconnected(connection, event) === true && peer.connections.all.length === 0) {
      drop(peer, new NotConnectedError('The last connection to the peer has closed'))
      gone(peer.id)
    }
  }

  function drop (peer: Peer, error: Error): void {
    peers.delete(peer.id)
    peer.leave(error)
    flushing.rested()
  }

  function gone (id: string): void {
    try {
      handlers.gone(id)
    } catch (err) {
      log.error('could not clean up after a peer - %e', err)
    }
  }

  async function disconnect (peer: Peer): Promise<void> {
    if (peers.get(peer.id) !== peer) {
      return
    }

    const connections = peer.connections.all

    for (const connection of connections) {
      unwelcome.add(connection)
    }

    drop(peer, new DisconnectedError())
    // whoever disconnects a peer may be in the middle of something
    queueMicrotask(() => {
      if (running) {
        gone(peer.id)
      }
    })

    await Promise.all(connections.map(async connection => {
      try {
        await connection.close({ signal: AbortSignal.timeout(limits.closeTimeout) })
      } catch (err) {
        connection.abort(err as Error)
      }
    }))
  }

  function idle (): boolean {
    for (const { writing } of peers.values()) {
      if (writing?.busy === true) {
        return false
      }
    }

    return true
  }

  async function unregister (): Promise<void> {
    events.removeEventListener('connection:open', onConnectionOpen)

    for (const protocol of BITSWAP_PROTOCOLS) {
      await registrar.unhandle(protocol)
    }
  }

  return {
    async start () {
      if (running) {
        return
      }

      running = true
      const registered: string[] = []

      try {
        for (const protocol of BITSWAP_PROTOCOLS) {
          await registrar.handle(protocol, onStream, {
            maxInboundStreams: limits.maxInboundStreams,
            maxOutboundStreams: limits.maxOutboundStreams,
            runOnLimitedConnection: false
          })
          registered.push(protocol)
        }
      } catch (err) {
        running = false
        // what somebody else has registered stays
        await Promise.all(registered.map(async protocol => registrar.unhandle(protocol)))
        throw err
      }

      events.addEventListener('connection:open', onConnectionOpen)
      connectionManager.getConnections().filter(({ status }) => status === 'open').forEach(adopt)
    },

    async stop () {
      if (!running) {
        return
      }

      running = false
      const leaving = [...peers.values()]
      peers.clear()

      const signal = AbortSignal.timeout(limits.closeTimeout)
      const closed = leaving.map(async peer => peer.writing?.close(signal))

      for (const peer of leaving) {
        peer.leave(new NetworkStoppedError())
      }

      watch.clear()
      flushing.rested()
      await Promise.all([unregister(), ...closed])
    },

    wake (peer) {
      peers.get(peer)?.writer.wake()
    },

    async connect (peerId, addresses, signal) {
      if (!running) {
        throw new NetworkStoppedError()
      }

      const id = peerId.toString()
      const known = peers.get(id)

      if (known == null || known.connections.usable().length === 0) {
        const connection = await dial(connectionManager, peerId, addresses, {
          addressTimeout: limits.addressTimeout,
          signal,
          // there is one, but no stream can be opened on it
          force: known != null,
          log
        })
        log('connected to %p at %a', peerId, connection.remoteAddr)
      }

      const peer = peers.get(id)

      if (peer == null) {
        throw new NotConnectedError('The connection has closed again')
      }

      const protocol = await peer.writer.open(signal)
      await peerStore?.merge(peerId, { tags: { [TAG]: { value: TAG_VALUE } } })

      return protocol
    },

    async disconnect (id) {
      const peer = peers.get(id)

      if (peer != null) {
        await disconnect(peer)
      }
    },

    flushed: flushing.wait,

    stats,

    get sizes () {
      return { peers: peers.size, watched: watch.size }
    }
  }
}
