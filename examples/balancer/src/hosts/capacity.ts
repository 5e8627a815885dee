import type { Traffic } from './traffic.ts'
import type { ComponentLogger, Connection, ConnectionGater, Libp2pEvents, PeerId, Startable, TypedEventTarget } from '@libp2p/interface'

export interface CapacityInit {
  /** Connections that others may have opened, at the same time. */
  max: number
  traffic: Pick<Traffic, 'of'>
  /** For how long a peer has wanted nothing and had nothing to be sent, ms; undefined while it does. Default: it always does. */
  idleFor? (peer: PeerId): number | undefined
  /** Monotonic time, ms. Default: the platform's. */
  now? (): number
}

/** How many connections a host has, and who gives way when there are too many. */
export interface Capacity {
  /** Denies connections that there is no room for. */
  readonly gater: ConnectionGater
  /** Lets the idle give way. */
  service (components: CapacityComponents): CapacityService
}

/** A libp2p service. */
export interface CapacityService extends Startable {
  readonly status: CapacityStatus
}

export interface CapacityStatus {
  /** Connections open at the moment. */
  readonly open: number
  readonly max: number
  /** As many are open as may be. */
  readonly full: boolean
  /** A newcomer is admitted: there is room, or somebody idle who gives way. */
  readonly admits: boolean
  /** Closed for newcomers, since the start. */
  readonly evicted: number
  /** Refused for want of room, since the start. */
  readonly refused: number
}

/** What it needs of a host. */
export interface CapacityComponents {
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
}

/** A connection that may give way. */
interface Candidate {
  readonly connection: Connection
  readonly idle: number
}

/** What of a multiaddr says where it is: a byte for the protocol, then the address or its first half. */
const HOST_BYTES: Record<string, number> = { ip4: 5, ip6: 9 }

/** What has only just been sent may not have arrived. */
const MIN_IDLE = 250

/** How long the list of who is idle is good for, ms: at a rush of newcomers it is not made anew for each. */
const LIST_LIFE = 250

/** A connection that gives way may send what it has. */
const CLOSE_TIMEOUT = 1000

/**
 * Bounds the connections of a host. libp2p refuses newcomers once it is full, and
 * closes none that has a stream, which is how every kubo sits there idle: whoever
 * holds the places keeps them, at no cost. Here a newcomer takes the place of the
 * connection that has been idle for longest, first of the address that has most;
 * while nobody is idle newcomers are refused. Nobody gives way before the newcomer
 * has shaken hands, else silent sockets would do.
 */
export function capacity ({ max, traffic, idleFor = () => undefined, now = () => performance.now() }: CapacityInit): Capacity {
  const open = new Map<Connection, { readonly address: string, readonly since: number }>()
  const leaving = new Set<Connection>()
  const perAddress = new Map<string, number>()
  let candidates = new Map<string, Candidate[]>()
  let listedAt = -Infinity
  let evicted = 0
  let refused = 0

  function count (): number {
    return open.size - leaving.size
  }

  function idleTime (connection: Connection): number {
    const since = open.get(connection)?.since
    if (since == null || leaving.has(connection) || connection.status !== 'open' ||
      (traffic.of(connection)?.waiting ?? 0) > 0 || connection.streams.some(({ writeBufferLength }) => writeBufferLength > 0)) {
      return 0
    }
    return Math.min(idleFor(connection.remotePeer) ?? 0, now() - since)
  }

  /** By address, the longest idle last. */
  function list (): void {
    listedAt = now()
    candidates = new Map()

    for (const [connection, { address }] of open) {
      const idle = idleTime(connection)

      if (idle >= MIN_IDLE) {
        const same = candidates.get(address) ?? []
        same.push({ connection, idle })
        candidates.set(address, same)
      }
    }

    for (const same of candidates.values()) {
      same.sort((a, b) => a.idle - b.idle)
    }
  }

  /** Who gives way next; it stays on the list. */
  function next (): Connection | undefined {
    if (now() - listedAt >= LIST_LIFE) {
      list()
    }

    for (;;) {
      let best: { same: Candidate[], held: number, idle: number } | undefined

      for (const [address, same] of candidates) {
        const held = perAddress.get(address) ?? 0
        const idle = same.at(-1)?.idle ?? 0

        if (same.length > 0 && (best == null || held > best.held || (held === best.held && idle > best.idle))) {
          best = { same, held, idle }
        }
      }

      const connection = best?.same.at(-1)?.connection

      if (connection == null || idleTime(connection) >= MIN_IDLE) {
        return connection
      }
      // it has woken up since
      best?.same.pop()
    }
  }

  function leave (connection: Connection): void {
    leaving.add(connection)
    adjust(open.get(connection)?.address, -1)
    connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT) }).catch(err => { connection.abort(err) })
  }

  function adjust (address = '', by: number): void {
    const held = (perAddress.get(address) ?? 0) + by

    if (held > 0) {
      perAddress.set(address, held)
    } else {
      perAddress.delete(address)
    }
  }

  return {
    gater: {
      denyInboundConnection: () => {
        const denied = count() >= max && next() == null
        refused += denied ? 1 : 0

        return denied
      }
    },

    service ({ events, logger }) {
      const log = logger.forComponent('kitsune:capacity')

      function onOpen ({ detail: connection }: CustomEvent<Connection>): void {
        // what was dialled was wanted
        if (connection.status !== 'open' || connection.direction !== 'inbound') {
          return
        }

        const address = hostOf(connection)
        open.set(connection, { address, since: now() })
        adjust(address, 1)

        if (count() > max) {
          const idle = next()
          evicted += idle == null ? 0 : 1
          refused += idle == null ? 1 : 0
          log(idle == null ? 'no room for %p' : '%p gives way: it was idle', (idle ?? connection).remotePeer)
          leave(idle ?? connection)
        }
      }

      function onClose ({ detail: connection }: CustomEvent<Connection>): void {
        const known = open.get(connection)

        if (known != null) {
          open.delete(connection)
          if (!leaving.delete(connection)) {
            adjust(known.address, -1)
          }
        }
      }

      return {
        start () {
          events.addEventListener('connection:open', onOpen)
          events.addEventListener('connection:close', onClose)
        },
        stop () {
          events.removeEventListener('connection:open', onOpen)
          events.removeEventListener('connection:close', onClose)
        },
        get status () {
          const full = count() >= max

          return { open: count(), max, full, admits: !full || next() != null, evicted, refused }
        }
      }
    }
  }
}

/** Where a connection comes from: an IPv4 address, or the first half of an IPv6 one, of whose other half a host has all. */
function hostOf ({ remoteAddr }: Connection): string {
  const { name } = remoteAddr.getComponents()[0]
  const length = HOST_BYTES[name]

  return length == null ? remoteAddr.toString() : Buffer.from(remoteAddr.bytes.subarray(0, length)).toString('hex')
}
