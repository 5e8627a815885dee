import { TimeoutError } from '@libp2p/interface'
import type { Progress, Traffic } from './traffic.ts'
import type { ComponentLogger, Connection, Libp2pEvents, Startable, TypedEventTarget } from '@libp2p/interface'

const PING = '/ipfs/ping/1.0.0'
const PING_LENGTH = 32

/** When a connection counts as dead. Times are ms. */
export interface LivenessLimits {
  /** A connection is pinged this long after its last ping was answered, or sent. */
  pingInterval: number
  /** A connection that has shown no sign of life for so long is aborted. */
  silence: number
  /** How often is looked. */
  checkInterval: number
}

export interface LivenessInit extends LivenessLimits {
  traffic: Pick<Traffic, 'of'>
  /** Default: the platform's. */
  clock?: LivenessClock
}

/** Time, for tests to move by hand. */
export interface LivenessClock {
  /** Monotonic, ms. */
  now (): number
  /** Calls again and again; the result ends it. */
  every (ms: number, run: () => void): () => void
}

const platformClock: LivenessClock = {
  now: () => performance.now(),
  every (ms, run) {
    const timer = setInterval(run, ms).unref()

    return () => { clearInterval(timer) }
  }
}

/** What liveness needs of a host. */
export interface LivenessComponents {
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
}

/** What is known of one connection. */
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
 * A libp2p service that ends connections whose other end is gone without a word,
 * in place of libp2p's connection monitor, which takes a slow line for a dead one:
 * a ping waits behind all that was sent before, several megabytes in socket and
 * kernel, and the connection was aborted when its answer was late.
 *
 * Here everything that comes from the peer is a sign of life, be it the answer or a
 * window update, and so is the draining of what the kernel could not take: it has
 * room again when the peer's kernel has acknowledged something. That what was sent
 * fits the kernel is no sign, since it takes megabytes that nobody receives.
 */
export function liveness ({ pingInterval, silence, checkInterval, traffic, clock = platformClock }: LivenessInit): (components: LivenessComponents) => Startable {
  return ({ events, logger }) => {
    const log = logger.forComponent('kitsune:liveness')
    const all = new Map<Connection, Watched>()
    let cancel: (() => void) | undefined
    let last = 0

    function onOpen ({ detail: connection }: CustomEvent<Connection>): void {
      if (connection.status === 'open') {
        all.set(connection, { closed: new AbortController(), progress: traffic.of(connection), quiet: 0, sincePing: 0, pinging: false })
      }
    }

    function onClose ({ detail: connection }: CustomEvent<Connection>): void {
      all.get(connection)?.closed.abort()
      all.delete(connection)
    }

    function check (): void {
      const now = clock.now()
      // time in which this process stood still is not the silence of others: what has come meanwhile is read after this
      const passed = Math.min(now - last, 2 * checkInterval)
      last = now

      for (const [connection, watched] of all) {
        const progress = traffic.of(connection)
        watched.quiet = isAlive(watched.progress, progress) ? 0 : watched.quiet + passed
        watched.sincePing += passed
        watched.progress = progress

        if (watched.quiet >= silence) {
          log('%p has been silent for %d ms', connection.remotePeer, silence)
          connection.abort(new TimeoutError(`the peer has been silent for ${silence} ms`))
        } else if (watched.sincePing >= pingInterval && !watched.pinging) {
          ping(connection, watched).catch(err => { log('ping to %p failed - %e', connection.remotePeer, err) })
        }
      }
    }

    /** What comes of it is seen in the traffic, a refusal as much as an answer. */
    async function ping (connection: Connection, watched: Watched): Promise<void> {
      watched.pinging = true
      watched.sincePing = 0

      try {
        connection.rtt = await roundTrip(connection, watched.closed.signal)
      } finally {
        watched.pinging = false
        watched.sincePing = 0
      }
    }

    return {
      start () {
        events.addEventListener('connection:open', onOpen)
        events.addEventListener('connection:close', onClose)
        last = clock.now()
        cancel ??= clock.every(checkInterval, check)
      },

      stop () {
        cancel?.()
        cancel = undefined
        events.removeEventListener('connection:open', onOpen)
        events.removeEventListener('connection:close', onClose)

        for (const { closed } of all.values()) {
          closed.abort()
        }
        all.clear()
      }
    }
  }
}

function isAlive (before: Progress | undefined, now: Progress | undefined): boolean {
  return before != null && now != null && (
    now.received !== before.received ||
    (before.waiting > 0 && now.taken > before.taken)
  )
}

async function roundTrip (connection: Connection, signal: AbortSignal): Promise<number> {
  const stream = await connection.newStream(PING, { signal, runOnLimitedConnection: true })

  try {
    const begin = performance.now()
    await new Promise<void>((resolve, reject) => {
      let received = 0
      stream.addEventListener('message', ({ data }) => {
        received += data.byteLength
        if (received >= PING_LENGTH) {
          resolve()
        }
      })
      stream.addEventListener('close', ({ error }) => { reject(error ?? new Error('The ping stream was closed')) })
      stream.send(crypto.getRandomValues(new Uint8Array(PING_LENGTH)))
    })
    const rtt = performance.now() - begin
    await stream.close({ signal })

    return rtt
  } catch (err) {
    stream.abort(err as Error)
    throw err
  }
}
