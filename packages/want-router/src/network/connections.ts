import { abortEndedMuxers, isMuxerEnded } from './ended-muxers.ts'
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
 * The state of one of a peer's connections, while the peer has another. `silent`: the
 * peer has connected again, and asks on the newer connection; `heard`: the connection
 * works after all, or the peer has closed it; `lost`: it was given up.
 */
export type ConnectionState = 'silent' | 'heard' | 'lost'

/** What the connections of a peer are made with. */
export interface ConnectionsInit {
  readonly limits: NetworkLimits
  readonly log: Logger
  now (): number
  /** The connection whose stream is written to. */
  writtenOn (): Connection | undefined
  /** For how long nothing has left on that connection although something waits, ms; 0 if nothing waits. */
  stuck (connection: Connection): number
  state (id: number, is: ConnectionState): void
  /** A connection will be ended soon: `tick` has to be called. */
  ending (): void
  /** Writing may begin now, or has to move to another connection. */
  changed (): void
}

/**
 * The connections of one peer: which of them are alive, and which one is written to.
 *
 * A peer whose process was killed, or that changed networks, connects again while its old
 * connection is still open here, until some timeout ends that. So a connection is
 * *doubted* as soon as another has opened since its last sign of life. It is asked for a
 * sign of life, and nothing is written until it answers or is given up. It is given up
 * after `doubtTimeout`, or at once if nothing that was written to it has left for that
 * long. Giving up too early, as on a slow path, loses nothing: when the connection
 * answers, it is used again.
 */
export interface Connections {
  /** A connection to the peer has opened. */
  opened (connection: Connection, id: number): void
  /** A connection has closed; false: it was none of the peer's. */
  closed (connection: Connection, event: StreamCloseEvent): boolean
  /** A message has arrived on a connection; `asks`: with wants. */
  heard (connection: Connection, asks: boolean): void
  /** Something else has arrived on a connection. */
  alive (connection: Connection): void
  /** A stream could not be opened on a connection. */
  refused (connection: Connection, error: Error): void
  /** Whether what was sent on a connection need not be sent again. */
  isLost (connection: Connection): boolean
  /** Connections that a stream can be opened on, beginning with the one that is written to. */
  usable (): Connection[]
  includes (connection: Connection): boolean
  /** The number that names a connection to the exchange. */
  idOf (connection: Connection): number | undefined
  /** Checks the timeouts; true while there are any. */
  tick (now: number): boolean
  /** Ends all requests for signs of life. */
  stop (error: Error): void
  readonly all: readonly Connection[]
  /** Nothing may be written until it is known which connection is alive. */
  readonly undecided: boolean
}

/** Makes the table of one peer's connections, which is empty. */
export function createConnections (init: ConnectionsInit): Connections {
  return new PeerConnections(init)
}

/** Makes parts that few peers need only when they are needed, because thousands of peers are connected and idle. */
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
      // no other connection is written to
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

    // an ended muxer says nothing about the peer's process
    const gaveUp = one.muxerEndedAt == null && this.known.doubtedSince(one) != null && error != null && local && !isReset(error)
    this.known.delete(one)
    one.probe?.abort()

    if (gaveUp) {
      this.#lost ??= new WeakSet()
      this.#lost.add(connection)
      this.#init.state(one.id, 'lost')
    } else {
      this.#setHeard(one)
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
    // only a change calls for a decision: a peer may have very many connections
    let news = this.known.doubtedSince(one) != null || (asks && one.openedAt > this.#askedOn)
    one.heardAt = now
    one.aliveAt = now

    if (asks) {
      this.#askedOn = Math.max(this.#askedOn, one.openedAt)
    }

    const before = this.#written.current

    if (this.#written.heard(one, now)) {
      this.#init.log('the peer sends on connection %d and no longer on %d', one.id, before?.id)
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
    const ending = abortEndedMuxers(this.known, this.limits, now)

    if (this.known.size < 2) {
      return ending
    }

    this.#decide(now)
    const { stallTimeout } = this.limits
    let waiting = ending || this.#undecided

    for (const one of [...this.known]) {
      const since = this.known.doubtedSince(one)

      if (since != null && now - since >= stallTimeout) {
        one.connection.abort(new SilentConnectionError(`Nothing arrived for ${stallTimeout} ms, and the peer has a newer connection`))
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
    // another connection may have opened since
    this.#askForLife()
    this.#decide(this.#init.now())
  }

  /** Decides which connections are alive, and which one is written to. */
  #decide (now: number): void {
    const waited = this.#undecided
    this.#undecided = false

    for (const one of this.known) {
      const since = this.known.doubtedSince(one)

      if (since == null) {
        this.#setHeard(one)
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

  #setHeard (one: KnownConnection): void {
    if (one.silent) {
      one.silent = false
      this.#init.state(one.id, 'heard')
    }
  }
}

/** Whether the other side, or its kernel, has reset the connection. */
function isReset (error: Error & { code?: unknown }): boolean {
  return error.code === 'ECONNRESET' || error.code === 'EPIPE'
}
