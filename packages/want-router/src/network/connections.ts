import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { SilentConnectionError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { Connection, Logger, StreamCloseEvent } from '@libp2p/interface'

/**
 * What has become of one of a peer's connections, while the peer has another:
 * `silent`: the peer has come back on a newer one, and asks there; `heard`: it
 * lives after all, or the peer has closed it; `lost`: it was given up.
 */
export type ConnectionState = 'silent' | 'heard' | 'lost'

export interface ConnectionsInit {
  readonly limits: NetworkLimits
  readonly log: Logger
  now (): number
  /** The one that has a stream which is written to. */
  writing (): Connection | undefined
  /** For how long nothing of what waits to leave on that connection has left, ms; 0 if nothing waits. */
  stuck (connection: Connection): number
  state (id: number, is: ConnectionState): void
  /** It may now be written, or on another connection. */
  changed (): void
}

/**
 * The connections of one peer: which of them live, and which one is written to.
 *
 * A peer whose process was killed, or that changed networks, comes back on a new
 * connection while the old one is still open here, and stays open until some
 * timeout ends it. So a connection is *doubted* as soon as another has opened
 * since it last gave a sign of life. It is asked for one, and nothing is written
 * until it answers or has been given up; given up it is after `doubtTimeout`, or
 * at once if what was written to it has not moved for that long. Nothing is lost
 * by giving up too early, as on a slow line: an answer puts all right again.
 */
export interface Connections {
  /** A connection to the peer has opened. */
  opened (connection: Connection, id: number): void
  /** Returns whether it was one of them. */
  closed (connection: Connection, event: StreamCloseEvent): boolean
  /** A message has come on it; `asks`: with wants. */
  heard (connection: Connection, asks: boolean): void
  /** Something else has come on it. */
  alive (connection: Connection): void
  /** What was sent on it need not be sent again. */
  isLost (connection: Connection): boolean
  /** Those that a stream can be opened on, the one to be written to first. */
  usable (): Connection[]
  includes (connection: Connection): boolean
  /** The number that names it to the handlers. */
  idOf (connection: Connection): number | undefined
  /** Looks at the timeouts; true while there are any. */
  tick (now: number): boolean
  /** No connection is asked for a sign of life any more. */
  stop (error: Error): void
  readonly all: readonly Connection[]
  /** It is to be seen first which connection lives. */
  readonly undecided: boolean
}

/** One connection of the peer. */
interface Known {
  readonly id: number
  readonly connection: Connection
  readonly openedAt: number
  /** The last sign of life. */
  aliveAt: number
  /** The last message. */
  heardAt: number
  /** It has been a choice for `doubtTimeout`. */
  considered: boolean
  /** The handlers were told so. */
  silent: boolean
  probe: AbortController | undefined
}

export function createConnections (init: ConnectionsInit): Connections {
  const { limits, log } = init
  const known: Known[] = []
  const lost = new WeakSet<Connection>()
  let written: Known | undefined
  /** When the newest connection on which the peer has asked was opened. */
  let askedOn = -Infinity
  let undecided = false
  let moved = false
  let stopped = false

  function find (connection: Connection): Known | undefined {
    return known.find(one => one.connection === connection)
  }

  function isUsable ({ connection }: Known): boolean {
    return connection.status === 'open' && connection.limits == null
  }

  /** Since when another connection makes this one doubtful; undefined: it is not. */
  function doubtedSince (one: Known): number | undefined {
    if (one.connection.limits != null) {
      return
    }

    for (let i = firstAfter(one.aliveAt); i < known.length; i++) {
      if (known[i] !== one && isUsable(known[i])) {
        return known[i].openedAt
      }
    }
  }

  /** The first that opened after that, of those in the order of opening: a peer may have very many. */
  function firstAfter (time: number): number {
    let [low, high] = [0, known.length]

    while (low < high) {
      const middle = (low + high) >>> 1

      if (known[middle].openedAt > time) {
        high = middle
      } else {
        low = middle + 1
      }
    }

    return low
  }

  function isGivenUp (one: Known, since: number, now: number): boolean {
    return now - since >= limits.doubtTimeout || init.stuck(one.connection) >= limits.doubtTimeout
  }

  function decide (now: number): void {
    const waited = undecided
    undecided = false

    for (const one of known) {
      const since = doubtedSince(one)

      if (since == null) {
        speakUp(one)
      } else if (!isGivenUp(one, since, now)) {
        undecided ||= one.connection.status === 'open'
      } else if (!one.silent && askedOn > one.aliveAt) {
        one.silent = true
        log('a connection has fallen silent, and the peer asks on another')
        init.state(one.id, 'silent')
      }
    }

    choose(now)

    if (moved || (waited && !undecided)) {
      moved = false
      init.changed()
    }
  }

  function write (one: Known | undefined): void {
    moved ||= written !== one
    written = one
  }

  function choose (now: number): void {
    const since = written == null ? undefined : doubtedSince(written)

    if (written == null || !known.includes(written) || !isUsable(written) || (since != null && isGivenUp(written, since, now))) {
      write(liveliest())
    }

    for (const one of known) {
      if (!one.considered && now - one.openedAt >= limits.doubtTimeout) {
        one.considered = true

        // a peer that has not spoken on the old one since then is likelier to stay on the new one
        if (written != null && written.openedAt < one.openedAt && written.heardAt < one.openedAt && isUsable(one)) {
          write(one)
        }
      }
    }
  }

  /** The one that gave the last sign of life; of equals the newest. */
  function liveliest (): Known | undefined {
    let best: Known | undefined

    for (const one of known) {
      if (isUsable(one) && (best == null || one.aliveAt >= best.aliveAt)) {
        best = one
      }
    }

    return best
  }

  function speakUp (one: Known): void {
    if (one.silent) {
      one.silent = false
      init.state(one.id, 'heard')
    }
  }

  /** Asks for a sign of life: any answer to a new stream is one. */
  function probe (one: Known): void {
    if (one.probe != null || stopped || one.connection.status !== 'open') {
      return
    }

    const controller = one.probe = new AbortController()
    const startedAt = init.now()
    const done = (answered: boolean): void => {
      one.probe = undefined

      if (answered && !stopped && known.includes(one)) {
        one.aliveAt = Math.max(one.aliveAt, startedAt)
        // another may have opened since
        probeDoubted()
        decide(init.now())
      }
    }

    one.connection.newStream([...BITSWAP_PROTOCOLS], {
      maxOutboundStreams: limits.maxOutboundStreams,
      signal: controller.signal
    }).then(stream => {
      stream.close().catch(err => { stream.abort(err) })
      done(true)
    }, (err: Error) => { done(err.name === 'UnsupportedProtocolError') })
  }

  function probeDoubted (): void {
    for (const one of known) {
      if (doubtedSince(one) != null) {
        probe(one)
      }
    }
  }

  return {
    opened (connection, id) {
      const now = init.now()
      const one = { id, connection, openedAt: now, aliveAt: now, heardAt: -Infinity, considered: false, silent: false, probe: undefined }
      known.push(one)

      if (isUsable(one) && init.writing() == null) {
        // nothing is given up for it
        write(one)
      }

      probeDoubted()
      decide(now)
    },

    closed (connection, { local, error }) {
      const one = find(connection)

      if (one == null) {
        return false
      }

      const gaveUp = doubtedSince(one) != null && error != null && local && !isReset(error)
      known.splice(known.indexOf(one), 1)
      one.probe?.abort()

      if (gaveUp) {
        lost.add(connection)
        init.state(one.id, 'lost')
      } else {
        speakUp(one)
      }

      decide(init.now())

      return true
    },

    heard (connection, asks) {
      const one = find(connection)

      if (one == null) {
        return
      }

      const now = init.now()
      // only then is there something to decide: a peer may have very many connections
      let news = doubtedSince(one) != null || (asks && one.openedAt > askedOn)
      one.heardAt = now
      one.aliveAt = now

      if (asks) {
        askedOn = Math.max(askedOn, one.openedAt)
      }

      // answers go where the peer speaks; one that speaks on both is not followed to and fro
      if (written !== one && isUsable(one) && written != null && doubtedSince(written) == null && now - written.heardAt >= limits.followAfter) {
        log('the peer speaks on connection %d and no longer on %d', one.id, written.id)
        write(one)
        news = true
      }

      if (news) {
        decide(now)
      }
    },

    alive (connection) {
      const one = find(connection)

      if (one == null) {
        return
      }

      const news = doubtedSince(one) != null
      one.aliveAt = init.now()

      if (news) {
        decide(one.aliveAt)
      }
    },

    isLost: connection => lost.has(connection),

    usable () {
      const usable = known.filter(isUsable).reverse().sort((a, b) => b.aliveAt - a.aliveAt).map(({ connection }) => connection)
      const first = written?.connection
      const at = first == null ? -1 : usable.indexOf(first)

      if (first != null && at > 0) {
        usable.splice(at, 1)
        usable.unshift(first)
      }

      return usable
    },

    includes: connection => find(connection) != null,

    idOf: connection => find(connection)?.id,

    tick (now) {
      if (known.length < 2) {
        return false
      }

      decide(now)
      let waiting = undecided

      for (const one of [...known]) {
        const since = doubtedSince(one)

        if (since != null && now - since >= limits.stallTimeout) {
          one.connection.abort(new SilentConnectionError(`Nothing came for ${limits.stallTimeout} ms, and the peer has a newer connection`))
        }

        waiting ||= since != null || !one.considered
      }

      return waiting
    },

    stop (error) {
      stopped = true

      for (const { probe } of known) {
        probe?.abort(error)
      }
    },

    get all () {
      return known.map(({ connection }) => connection)
    },

    get undecided () {
      return undecided
    }
  }
}

/** Whether the other side, or its kernel, has said that the connection is no more. */
function isReset (error: Error & { code?: unknown }): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE'
}
