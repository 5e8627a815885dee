import type { Connection, Libp2pEvents, Startable, TypedEventTarget } from '@libp2p/interface'

const PING = '/ipfs/ping/1.0.0'

/** Errors of a peer that is there all the same: no ping protocol, or a ping of ours under way. */
const ALIVE = ['UnsupportedProtocolError', 'TooManyOutboundProtocolStreamsError']

/** What a stream is reset with that has served its purpose; made once, since its stack is of no use. */
const ANSWERED = new Error('the peer has answered')

/** How often, and how patiently. */
export interface LivenessInit {
  /** A connection is looked after this long at the latest, ms. */
  interval: number
  /** So much time has the peer to answer, ms. */
  timeout: number
  /** Uniform in [0, 1). Default Math.random. */
  random? (): number
}

/** What it needs of its host. */
export interface LivenessComponents {
  events: TypedEventTarget<Libp2pEvents>
}

/**
 * A libp2p service that finds half-open connections and aborts them, within
 * `interval + timeout`.
 *
 * It stands in for libp2p's connection monitor, which pings all connections in
 * the same moment: with 500 clients the event loop stood still for over 300 ms
 * at each interval. Here each connection has its own time, spread at random. It
 * is enough that the peer answers which protocol it will speak on a new stream;
 * the stream is reset then, so that none lingers half open.
 */
export function liveness ({ interval, timeout, random = Math.random }: LivenessInit): (components: LivenessComponents) => Startable {
  return ({ events }) => {
    const timers = new Map<Connection, NodeJS.Timeout>()

    function schedule (connection: Connection): void {
      timers.set(connection, setTimeout(() => {
        look(connection)
          .then(() => {
            if (timers.has(connection)) {
              schedule(connection)
            }
          }, (err: Error) => { connection.abort(err) })
      }, interval * (1 - random() / 4)))
    }

    async function look (connection: Connection): Promise<void> {
      try {
        const stream = await connection.newStream(PING, { signal: AbortSignal.timeout(timeout), runOnLimitedConnection: true })
        stream.abort(ANSWERED)
      } catch (err) {
        if (!ALIVE.includes((err as Error).name)) {
          throw err
        }
      }
    }

    const opened = ({ detail }: CustomEvent<Connection>): void => { schedule(detail) }
    const closed = ({ detail }: CustomEvent<Connection>): void => {
      clearTimeout(timers.get(detail))
      timers.delete(detail)
    }

    return {
      start () {
        events.addEventListener('connection:open', opened)
        events.addEventListener('connection:close', closed)
      },
      stop () {
        events.removeEventListener('connection:open', opened)
        events.removeEventListener('connection:close', closed)
        timers.forEach(clearTimeout)
        timers.clear()
      }
    }
  }
}
