import { TimeoutError } from '@libp2p/interface'
import { measureRoundTrip } from './round-trip.ts'
import type { Progress, Traffic } from './traffic.ts'
import type { ComponentLogger, Connection, Libp2pEvents, Logger, Startable, TypedEventTarget } from '@libp2p/interface'

/** When a connection counts as dead. Times are in ms. */
export interface LivenessLimits {
  /** A connection is pinged this long after its last ping was answered or sent. */
  pingInterval: number
  /** A connection that has shown no sign of life for this long is aborted. */
  silence: number
  /** How often connections are checked. */
  checkInterval: number
}

/** Options of the liveness check. */
export interface LivenessInit extends LivenessLimits {
  traffic: Pick<Traffic, 'of'>
  /** Default: the platform's. */
  clock?: LivenessClock
}

/** A clock, which tests replace with a manual one. */
export interface LivenessClock {
  /** Monotonic, ms. */
  now (): number
  /** Calls `run` repeatedly; returns a function that stops this. */
  every (ms: number, run: () => void): () => void
}

const platformClock: LivenessClock = {
  now: () => performance.now(),
  every (ms, run) {
    const timer: ReturnType<typeof setInterval> | number = setInterval(run, ms)

    if (typeof timer === 'object') {
      timer.unref()
    }

    return () => { clearInterval(timer) }
  }
}

/** The parts of a host that the service uses. */
export interface LivenessComponents {
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
}

/** The state of one connection. */
interface Watched {
  readonly closed: AbortController
  progress: Progress | undefined
  /** Time without a sign of life, ms. */
  quiet: number
  /** Time since a ping was sent or answered, ms. */
  sincePing: number
  pinging: boolean
}

/**
 * A libp2p service that ends connections whose other end has disappeared without
 * closing them. It replaces libp2p's connection monitor, which mistakes a slow line
 * for a dead one: a ping waits behind all data that was sent before it, several
 * megabytes in the socket and the kernel, and libp2p aborts the connection when the
 * answer is late.
 *
 * Here everything that arrives from the peer is a sign of life, whether it is the answer or a
 * window update. So is the draining of data that the kernel could not accept: the kernel has
 * space again when the peer's kernel has acknowledged some data. Data that the kernel accepts
 * at once is not a sign of life, since the kernel accepts megabytes that no peer receives. If
 * the traffic of a connection cannot be seen, the answers to pings are the signs of life.
 */
export function liveness (init: LivenessInit): (components: LivenessComponents) => Startable {
  return components => new Liveness(init, components)
}

class Liveness implements Startable {
  private readonly limits: LivenessLimits
  private readonly traffic: Pick<Traffic, 'of'>
  private readonly clock: LivenessClock
  private readonly events: TypedEventTarget<Libp2pEvents>
  private readonly log: Logger
  private readonly all = new Map<Connection, Watched>()
  private cancel: (() => void) | undefined
  private last = 0

  constructor ({ traffic, clock = platformClock, ...limits }: LivenessInit, { events, logger }: LivenessComponents) {
    this.limits = limits
    this.traffic = traffic
    this.clock = clock
    this.events = events
    this.log = logger.forComponent('kitsune:liveness')
  }

  start (): void {
    this.events.addEventListener('connection:open', this.onOpen)
    this.events.addEventListener('connection:close', this.onClose)
    this.last = this.clock.now()
    this.cancel ??= this.clock.every(this.limits.checkInterval, () => { this.check() })
  }

  stop (): void {
    this.cancel?.()
    this.cancel = undefined
    this.events.removeEventListener('connection:open', this.onOpen)
    this.events.removeEventListener('connection:close', this.onClose)

    for (const { closed } of this.all.values()) {
      closed.abort()
    }

    this.all.clear()
  }

  private readonly onOpen = ({ detail: connection }: CustomEvent<Connection>): void => {
    if (connection.status === 'open') {
      this.all.set(connection, { closed: new AbortController(), progress: this.traffic.of(connection), quiet: 0, sincePing: 0, pinging: false })
    }
  }

  private readonly onClose = ({ detail: connection }: CustomEvent<Connection>): void => {
    this.all.get(connection)?.closed.abort()
    this.all.delete(connection)
  }

  private check (): void {
    const { pingInterval, silence, checkInterval } = this.limits
    const now = this.clock.now()
    // while this process is stalled the peers are not silent: it reads their data only after this check
    const passed = Math.min(now - this.last, 2 * checkInterval)
    this.last = now

    for (const [connection, watched] of this.all) {
      const progress = this.traffic.of(connection)
      watched.quiet = isAlive(watched.progress, progress) ? 0 : watched.quiet + passed
      watched.sincePing += passed
      watched.progress = progress

      if (watched.quiet >= silence) {
        this.log('%p has been silent for %d ms', connection.remotePeer, silence)
        connection.abort(new TimeoutError(`the peer has been silent for ${silence} ms`))
      } else if (watched.sincePing >= pingInterval && !watched.pinging) {
        ping(connection, watched).catch(err => { this.log('ping to %p failed - %e', connection.remotePeer, err) })
      }
    }
  }
}

/** Sends a ping. If the traffic can be seen, it shows the peer's reaction, whether that is an answer or a refusal. */
async function ping (connection: Connection, watched: Watched): Promise<void> {
  watched.pinging = true
  watched.sincePing = 0

  try {
    connection.rtt = await measureRoundTrip(connection, watched.closed.signal)
  } finally {
    watched.pinging = false
    watched.sincePing = 0

    if (watched.progress == null) {
      watched.quiet = 0
    }
  }
}

function isAlive (before: Progress | undefined, now: Progress | undefined): boolean {
  return before != null && now != null && (
    now.received !== before.received ||
    (before.waiting > 0 && now.taken > before.taken)
  )
}
