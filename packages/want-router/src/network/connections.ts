import { endMuted, isMuxerEnded } from './ended-muxers.ts'
import { SilentConnectionError } from './errors.ts'
import { createKnownConnections, isUsable } from './known-connections.ts'
import { createLifeSigns } from './life-signs.ts'
import { createWrittenConnection } from './written-connection.ts'
import type { NetworkLimits } from './defaults.ts'
import type { KnownConnection, KnownConnections } from './known-connections.ts'
import type { LifeSigns } from './life-signs.ts'
import type { WrittenConnection, WrittenConnectionInit } from './written-connection.ts'
import type { Connection, Logger, StreamCloseEvent } from '@libp2p/interface'

/**
 * The state of one of a peer's connections, while the peer has another:
 * `silent`: the peer has come back on a newer one, and asks there; `heard`: it
 * lives after all, or the peer has closed it; `lost`: it was given up.
 */
export type ConnectionState = 'silent' | 'heard' | 'lost'

/** A peer's data besides its connections, and the listener for their states. */
export interface ConnectionsInit {
  readonly limits: NetworkLimits
  readonly log: Logger
  now (): number
  /** The one that has a stream which is written to. */
  writtenOn (): Connection | undefined
  /** For how long nothing of what waits to leave on that connection has left, ms; 0 if nothing waits. */
  stuck (connection: Connection): number
  state (id: number, is: ConnectionState): void
  /** A connection is to be ended soon: `tick` has to be called. */
  ending (): void
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
 * by giving up too early, as on a slow path: an answer puts all right again.
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
  /** A stream could not be opened on it. */
  refused (connection: Connection, error: Error): void
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
  /** It must be known first which connection lives. */
  readonly undecided: boolean
}

/** Makes the connections of one peer; it has none yet. */
export function createConnections (init: ConnectionsInit): Connections {
  return new PeerConnections(init)
}

/** Parts that few peers need are made when they are needed, because thousands of peers are connected and idle. */
class PeerConnections implements Connections, WrittenConnectionInit {
  readonly known: KnownConnections = createKnownConnections()
  readonly #init: ConnectionsInit
  readonly #written: WrittenConnection
  #lifeSigns: LifeSigns | undefined
  #lost: WeakSet<Connection> | undefined
  /** When the newest connection on which the peer has asked was opened. */
  #askedOn = -Infinity
  #undecided = false

  constructor (init: ConnectionsInit) {
    this.#init = init
    this.#written = createWrittenConnection(this)
  }

  get limits (): NetworkLimits {
    return this.#init.limits
  }

  get all (): readonly Connection[] {
    return this.known.all
  }

  get undecided (): boolean {
    return this.#undecided
  }

  opened (connection: Connection, id: number): void {
    const now = this.#init.now()
    const one = this.known.add(connection, id, now)

    if (isUsable(one) && this.#init.writtenOn() == null) {
      // nothing is given up for it
      this.#written.set(one)
    }

    this.#askForLife()
    this.#decide(now)
  }

  closed (connection: Connection, { local, error }: StreamCloseEvent): boolean {
    const one = this.known.find(connection)

    if (one == null) {
      return false
    }

    // a muxer that has ended says nothing about the process behind it
    const gaveUp = one.muxerEndedAt == null && this.known.doubtedSince(one) != null && error != null && local && !isReset(error)
    this.known.delete(one)
    one.probe?.abort()

    if (gaveUp) {
      this.#lost ??= new WeakSet()
      this.#lost.add(connection)
      this.#init.state(one.id, 'lost')
    } else {
      this.#speakUp(one)
    }

    this.#decide(this.#init.now())

    return true
  }

  heard (connection: Connection, asks: boolean): void {
    const one = this.known.find(connection)

    if (one == null) {
      return
    }

    const now = this.#init.now()
    // only then is there something to decide: a peer may have very many connections
    let news = this.known.doubtedSince(one) != null || (asks && one.openedAt > this.#askedOn)
    one.heardAt = now
    one.aliveAt = now

    if (asks) {
      this.#askedOn = Math.max(this.#askedOn, one.openedAt)
    }

    const before = this.#written.current

    if (this.#written.heard(one, now)) {
      this.#init.log('the peer speaks on connection %d and no longer on %d', one.id, before?.id)
      news = true
    }

    if (news) {
      this.#decide(now)
    }
  }

  alive (connection: Connection): void {
    const one = this.known.find(connection)

    if (one == null) {
      return
    }

    const news = this.known.doubtedSince(one) != null
    one.aliveAt = this.#init.now()

    if (news) {
      this.#decide(one.aliveAt)
    }
  }

  refused (connection: Connection, error: Error): void {
    const one = this.known.find(connection)

    if (one == null || one.muxerEndedAt != null || connection.status !== 'open' || !isMuxerEnded(error)) {
      return
    }

    one.muxerEndedAt = this.#init.now()
    this.#init.log('no stream can be opened on connection %d any more - %e', one.id, error)
    this.#init.ending()
    this.#decide(one.muxerEndedAt)
  }

  isLost (connection: Connection): boolean {
    return this.#lost?.has(connection) === true
  }

  usable (): Connection[] {
    return this.known.usable(this.#written.current)
  }

  includes (connection: Connection): boolean {
    return this.known.find(connection) != null
  }

  idOf (connection: Connection): number | undefined {
    return this.known.find(connection)?.id
  }

  tick (now: number): boolean {
    const ending = endMuted(this.known, this.limits, now)

    if (this.known.size < 2) {
      return ending
    }

    this.#decide(now)
    const { stallTimeout } = this.limits
    let waiting = ending || this.#undecided

    for (const one of [...this.known]) {
      const since = this.known.doubtedSince(one)

      if (since != null && now - since >= stallTimeout) {
        one.connection.abort(new SilentConnectionError(`Nothing came for ${stallTimeout} ms, and the peer has a newer connection`))
      }

      waiting ||= since != null || !one.considered
    }

    return waiting
  }

  stop (error: Error): void {
    this.#lifeSigns?.stop(error)
  }

  isGivenUp (one: KnownConnection, since: number, now: number): boolean {
    const { doubtTimeout } = this.limits

    return one.muxerEndedAt != null || now - since >= doubtTimeout || this.#init.stuck(one.connection) >= doubtTimeout
  }

  #answered (one: KnownConnection, askedAt: number): void {
    one.aliveAt = Math.max(one.aliveAt, askedAt)
    // another may have opened since
    this.#askForLife()
    this.#decide(this.#init.now())
  }

  /** Sees which connections live, and which one is to be written to. */
  #decide (now: number): void {
    const waited = this.#undecided
    this.#undecided = false

    for (const one of this.known) {
      const since = this.known.doubtedSince(one)

      if (since == null) {
        this.#speakUp(one)
      } else if (!this.isGivenUp(one, since, now)) {
        this.#undecided ||= one.connection.status === 'open'
      } else if (!one.silent && this.#askedOn > one.aliveAt) {
        one.silent = true
        this.#init.log('a connection has fallen silent, and the peer asks on another')
        this.#init.state(one.id, 'silent')
      }
    }

    this.#written.review(now)
    const moved = this.#written.takeChanged()

    if (moved || (waited && !this.#undecided)) {
      this.#init.changed()
    }
  }

  #askForLife (): void {
    if (this.known.size > 1) {
      this.#lifeSigns ??= createLifeSigns({
        known: this.known,
        maxOutboundStreams: this.limits.maxOutboundStreams,
        now: () => this.#init.now(),
        answered: (one, askedAt) => { this.#answered(one, askedAt) },
        refused: ({ connection }, error) => { this.refused(connection, error) }
      })
      this.#lifeSigns.ask()
    }
  }

  #speakUp (one: KnownConnection): void {
    if (one.silent) {
      one.silent = false
      this.#init.state(one.id, 'heard')
    }
  }
}

/** Whether the other side, or its kernel, has said that the connection is no more. */
function isReset (error: Error & { code?: unknown }): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE'
}
