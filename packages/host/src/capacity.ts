import { createIdleRanking } from './idle-ranking.ts'
import { remoteHost } from './remote-host.ts'
import type { IdleRanking } from './idle-ranking.ts'
import type { Traffic } from './traffic.ts'
import type { ComponentLogger, Connection, ConnectionGater, Libp2pEvents, PeerId, Startable, TypedEventTarget } from '@libp2p/interface'

/** How many connections a host may have, and how to tell which are idle. */
export interface CapacityInit {
  /** How many inbound connections may be open at the same time. */
  max: number
  traffic: Pick<Traffic, 'of'>
  /** How long a peer has had no want and no waiting answer, ms; undefined while it has one. Default: no peer is ever idle. */
  idleFor? (peer: PeerId): number | undefined
  /** Monotonic time, ms. Default: the platform's. */
  now? (): number
}

/** Bounds the connections of a host, and chooses which connections to close when there are too many. */
export interface Capacity {
  /** Denies connections while all places are taken and no client is idle. */
  readonly gater: ConnectionGater
  /** Closes idle connections in favour of new ones. */
  service (components: CapacityComponents): CapacityService
}

/** A libp2p service. */
export interface CapacityService extends Startable {
  readonly status: CapacityStatus
}

/** How full a host is, and what it has refused since the start. */
export interface CapacityStatus {
  /** Connections open at the moment. */
  readonly open: number
  readonly max: number
  /** All places are taken. */
  readonly full: boolean
  /** A new client would be admitted: a place is free, or a client is idle. */
  readonly admits: boolean
  /** Connections closed in favour of new clients, since the start. */
  readonly evicted: number
  /** Connections refused because all places were taken, since the start. */
  readonly refused: number
}

/** The parts of a host that the service uses. */
export interface CapacityComponents {
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
}

interface Held {
  readonly address: string
  /** When the connection opened, ms. */
  readonly since: number
}

/** How long an evicted connection may take to send what is queued, ms. */
const CLOSE_TIMEOUT = 1000

/**
 * Bounds the connections of a host. When libp2p is full it refuses new connections, and it does not
 * close any connection that has a stream, although every idle kubo keeps one open. So clients can
 * occupy all places at no cost. Here a new client replaces the connection that has been idle longest,
 * beginning with the address that has the most connections; while no client is idle, new clients are
 * refused. A connection is only evicted after the new client has completed its handshake; otherwise
 * silent sockets could evict clients.
 */
export function createCapacity (init: CapacityInit): Capacity {
  return new ConnectionCapacity(init)
}

class ConnectionCapacity implements Capacity {
  readonly gater: ConnectionGater
  private readonly max: number
  private readonly traffic: Pick<Traffic, 'of'>
  private readonly idleFor: (peer: PeerId) => number | undefined
  private readonly now: () => number
  private readonly open = new Map<Connection, Held>()
  private readonly leaving = new Set<Connection>()
  private readonly perAddress = new Map<string, number>()
  private readonly ranking: IdleRanking
  private evicted = 0
  private refused = 0

  constructor ({ max, traffic, idleFor = () => undefined, now = () => performance.now() }: CapacityInit) {
    this.max = max
    this.traffic = traffic
    this.idleFor = idleFor
    this.now = now
    this.ranking = createIdleRanking({
      connections: () => this.open,
      connectionsOf: address => this.perAddress.get(address) ?? 0,
      idleTime: connection => this.idleTime(connection),
      now
    })
    this.gater = { denyInboundConnection: () => this.deny() }
  }

  get status (): CapacityStatus {
    const { max, evicted, refused, count } = this
    const full = count >= max

    return { open: count, max, full, admits: !full || this.ranking.first() != null, evicted, refused }
  }

  service ({ events, logger }: CapacityComponents): CapacityService {
    const log = logger.forComponent('kitsune:capacity')
    const status = (): CapacityStatus => this.status

    const onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
      // outbound connections do not count, since the host itself has dialled them
      if (connection.status !== 'open' || connection.direction !== 'inbound') {
        return
      }

      this.hold(connection)

      if (this.count > this.max) {
        const idle = this.ranking.first()
        log(idle == null ? 'no place for %p' : 'closing %p, which was idle', (idle ?? connection).remotePeer)
        this.closeOne(connection, idle)
      }
    }

    const onClose = ({ detail: connection }: CustomEvent<Connection>): void => { this.release(connection) }

    return {
      start () {
        events.addEventListener('connection:open', onOpen)
        events.addEventListener('connection:close', onClose)
      },
      stop () {
        events.removeEventListener('connection:open', onOpen)
        events.removeEventListener('connection:close', onClose)
      },
      get status () { return status() }
    }
  }

  private get count (): number {
    return this.open.size - this.leaving.size
  }

  private deny (): boolean {
    const denied = this.count >= this.max && this.ranking.first() == null
    this.refused += denied ? 1 : 0

    return denied
  }

  private hold (connection: Connection): void {
    const address = remoteHost(connection.remoteAddr)
    this.open.set(connection, { address, since: this.now() })
    this.adjust(address, 1)
  }

  private release (connection: Connection): void {
    const held = this.open.get(connection)

    if (held != null) {
      this.open.delete(connection)
      this.ranking.forget(connection, held.address)

      if (!this.leaving.delete(connection)) {
        this.adjust(held.address, -1)
      }
    }
  }

  /** Closes the idle connection, or the new one if there is none. */
  private closeOne (connection: Connection, idle: Connection | undefined): void {
    this.evicted += idle == null ? 0 : 1
    this.refused += idle == null ? 1 : 0
    const leaver = idle ?? connection
    this.leaving.add(leaver)
    this.adjust(this.open.get(leaver)?.address, -1)
    leaver.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT) }).catch(err => { leaver.abort(err) })
  }

  private idleTime (connection: Connection): number {
    const since = this.open.get(connection)?.since

    if (since == null || this.leaving.has(connection) || connection.status !== 'open' ||
      (this.traffic.of(connection)?.waiting ?? 0) > 0 || connection.streams.some(({ writeBufferLength }) => writeBufferLength > 0)) {
      return 0
    }

    return Math.min(this.idleFor(connection.remotePeer) ?? 0, this.now() - since)
  }

  private adjust (address = '', by: number): void {
    const held = (this.perAddress.get(address) ?? 0) + by

    if (held > 0) {
      this.perAddress.set(address, held)
    } else {
      this.perAddress.delete(address)
    }
  }
}
