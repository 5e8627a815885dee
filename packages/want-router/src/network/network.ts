import { platformTimers } from '../timers.ts'
import { DEFAULT_NETWORK_LIMITS } from './defaults.ts'
import { dial } from './dial.ts'
import { DisconnectedError, NetworkStoppedError, NotConnectedError } from './errors.ts'
import { createFlushes } from './flushes.ts'
import { createInFlightBudget } from './in-flight.ts'
import { createPeers } from './peers.ts'
import { createProtocolHandlers } from './protocol-handlers.ts'
import { createReadingTurns } from './reading-turns.ts'
import { createNetworkStats } from './stats.ts'
import { realAfter, createWatch } from './watch.ts'
import type { NetworkComponents } from './components.ts'
import type { ConnectionState } from './connections.ts'
import type { NetworkLimits } from './defaults.ts'
import type { Exchange } from './exchange.ts'
import type { Flushes } from './flushes.ts'
import type { PeerContext } from './peer.ts'
import type { Peers } from './peers.ts'
import type { ProtocolHandlers } from './protocol-handlers.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch } from './watch.ts'
import type { After } from '../stall-grace.ts'
import type { Timers } from '../timers.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Connection, Libp2pEvents, Logger, PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What a network is made with. */
export interface NetworkInit {
  readonly exchange: Exchange
  /** Monotonic time, ms. */
  now? (): number
  /** Uniform in [0, 1). */
  random? (): number
  /** Sets a timer, which should not keep the process running. */
  after?: After
  /** Calls once at the end of the current pass of the event loop. Default: the platform's. */
  endOfTick?: Timers['endOfTick']
  limits?: Partial<NetworkLimits>
}

/** Bitswap messages to and from the peers of one host. */
export interface Network {
  /** Registers all versions of bitswap. Throws if another service has registered one of them. */
  start (): Promise<void>
  /** Ends all streams, those that it writes to after what was taken has left. The exchange is no longer called. */
  stop (): Promise<void>
  /**
   * Something can be taken for that peer: sends at once if the stream has capacity. Cheap and idempotent;
   * ignores a peer that is not connected.
   */
  wake (peer: string): void
  /**
   * Dials the peer unless it is connected, at one address after another, opens a stream
   * and resolves with the protocol that was negotiated. Throws `NoBitswapError` if the
   * peer supports no known version, `NotConnectedError` if there are only limited
   * (relayed) connections, `UnreachableError` if no address works, and what libp2p
   * throws.
   */
  connect (peer: PeerId, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<BitswapProtocol>
  /**
   * Opens a stream to a connected peer and resolves with the protocol that was
   * negotiated, like `connect`, but neither dials the peer nor protects its connection
   * from being pruned. Throws `NotConnectedError` if it is not connected.
   */
  open (peer: string, signal: AbortSignal): Promise<BitswapProtocol>
  /** Forgets the peer at once (`gone` follows in a microtask, or later if many go at once), resets its streams and closes its connections. */
  disconnect (peer: string): Promise<void>
  /** Resolves to true when nothing is left to take or in a stream's buffer, or to false when the signal aborts. */
  flushed (signal?: AbortSignal): Promise<boolean>
  readonly stats: Readonly<NetworkStats>
  /** How many peers are connected, and how many objects are watched for timeouts: both are 0 when all peers have gone. */
  readonly sizes: { readonly peers: number, readonly watched: number }
}

/** The tag that protects connections to dialled peers from being pruned. */
const TAG = 'kitsune-bitswap'
const TAG_VALUE = 100

/** Makes a network on a libp2p host. It does nothing until it is started. */
export function createNetwork (init: NetworkInit, components: NetworkComponents): Network {
  return new BitswapNetwork(init, components)
}

class BitswapNetwork implements Network {
  readonly stats: NetworkStats = createNetworkStats()
  readonly #init: NetworkInit
  readonly #components: NetworkComponents
  readonly #limits: NetworkLimits
  readonly #log: Logger
  readonly #watch: Watch
  readonly #protocols: ProtocolHandlers
  readonly #flushes: Flushes
  readonly #peers: Peers
  #running = false

  constructor (init: NetworkInit, components: NetworkComponents) {
    const now = init.now ?? (() => performance.now())
    this.#init = init
    this.#components = components
    this.#limits = { ...DEFAULT_NETWORK_LIMITS, ...init.limits }
    this.#log = components.logger.forComponent('kitsune:network')
    this.#watch = createWatch(this.#limits.tickInterval, now, init.after ?? realAfter)
    this.#flushes = createFlushes(() => this.#isIdle(), this.#watch)
    // synchronous, since the reader must attach its listeners before anything else happens
    this.#protocols = createProtocolHandlers(components.registrar, this.#limits, (stream, connection) => { this.#onStream(stream, connection) })
    this.#peers = createPeers({
      context: this.#createContext(now),
      came: id => { this.#came(id) },
      gone: id => { this.#gone(id) },
      endOfTick: init.endOfTick ?? platformTimers.endOfTick
    })
  }

  get sizes (): Network['sizes'] {
    return { peers: this.#peers.size, watched: this.#watch.size }
  }

  async start (): Promise<void> {
    if (this.#running) {
      return
    }

    this.#running = true

    try {
      await this.#protocols.register()
    } catch (err) {
      this.#running = false
      throw err
    }

    const { connectionManager, events } = this.#components
    events.addEventListener('connection:open', this.#onConnectionOpen)

    for (const connection of connectionManager.getConnections().filter(({ status }) => status === 'open')) {
      this.#peers.adopt(connection)
    }
  }

  async stop (): Promise<void> {
    if (!this.#running) {
      return
    }

    this.#running = false
    const leaving = [...this.#peers]
    this.#peers.clear()

    const signal = AbortSignal.timeout(this.#limits.closeTimeout)
    const closed = leaving.map(async peer => peer.writing?.close(signal))

    for (const peer of leaving) {
      peer.leave(new NetworkStoppedError())
    }

    this.#watch.clear()
    this.#flushes.mayBeIdle()
    this.#components.events.removeEventListener('connection:open', this.#onConnectionOpen)
    await Promise.all([this.#protocols.unregister(), ...closed])
  }

  wake (peer: string): void {
    this.#peers.get(peer)?.writer.wake()
  }

  async connect (peerId: PeerId, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<BitswapProtocol> {
    if (!this.#running) {
      throw new NetworkStoppedError()
    }

    const { connectionManager, peerStore } = this.#components
    const id = peerId.toString()
    const known = this.#peers.get(id)

    if (known == null || known.connections.usable().length === 0) {
      const connection = await dial(connectionManager, peerId, addresses, {
        addressTimeout: this.#limits.addressTimeout,
        signal,
        // there is a connection, but no stream can be opened on it
        force: known != null,
        log: this.#log
      })
      this.#log('connected to %p at %a', peerId, connection.remoteAddr)
    }

    const protocol = await this.open(id, signal)
    await peerStore?.merge(peerId, { tags: { [TAG]: { value: TAG_VALUE } } })

    return protocol
  }

  async open (id: string, signal: AbortSignal): Promise<BitswapProtocol> {
    const peer = this.#peers.get(id)

    if (peer == null) {
      throw new NotConnectedError()
    }

    return peer.writer.open(signal)
  }

  async disconnect (id: string): Promise<void> {
    const peer = this.#peers.get(id)

    if (peer != null) {
      await this.#peers.disconnect(peer)
    }
  }

  async flushed (signal?: AbortSignal): Promise<boolean> {
    return this.#flushes.wait(signal)
  }

  #createContext (now: () => number): PeerContext {
    const { exchange, random = Math.random, endOfTick = platformTimers.endOfTick } = this.#init

    return {
      limits: this.#limits,
      stats: this.stats,
      watch: this.#watch,
      log: this.#log,
      budget: createInFlightBudget(this.#limits),
      answers: exchange.answers !== false,
      now,
      turns: createReadingTurns({ now, endOfTick }),
      random,
      receive: (peer, message, protocol, connection) => exchange.receive(peer, message, protocol, connection),
      connection: (peer, connection, is) => { this.#onConnectionState(peer, connection, is) },
      take: (peer, maxBytes, protocol) => exchange.take(peer, maxBytes, protocol),
      stalled: peer => {
        this.#peers.disconnect(peer).catch((err: Error) => { this.#log.error('could not disconnect a peer that takes nothing - %e', err) })
      },
      mayBeIdle: this.#flushes.mayBeIdle
    }
  }

  #onStream (stream: Stream, connection: Connection): void {
    // negotiating takes a while: the connection may have closed meanwhile
    if (!this.#running || connection.status !== 'open' || this.#peers.isUnwelcome(connection)) {
      stream.abort(new DisconnectedError())

      return
    }

    this.#peers.adopt(connection).read(stream, connection)
  }

  readonly #onConnectionOpen = ({ detail: connection }: Libp2pEvents['connection:open']): void => {
    if (connection.status === 'open') {
      this.#peers.adopt(connection)
    }
  }

  #onConnectionState (peer: string, connection: number, is: ConnectionState): void {
    try {
      this.#init.exchange.connection?.(peer, connection, is)
    } catch (err) {
      this.#log.error('could not record the state of a connection - %e', err)
    }
  }

  #came (id: string): void {
    try {
      this.#init.exchange.came?.(id)
    } catch (err) {
      this.#log.error('could not take note of a peer - %e', err)
    }
  }

  #gone (id: string): void {
    if (!this.#running) {
      return
    }

    try {
      this.#init.exchange.gone(id)
    } catch (err) {
      this.#log.error('could not clean up after a peer - %e', err)
    }
  }

  #isIdle (): boolean {
    for (const { writing } of this.#peers) {
      if (writing?.busy === true) {
        return false
      }
    }

    return true
  }
}
