import { createConnections } from './connections.ts'
import { createGreetings } from './greetings.ts'
import { createLanes } from './lanes.ts'
import { shedStreams } from './overload.ts'
import { createPassShare } from './pass-share.ts'
import { createReader } from './reader.ts'
import type { Connections, ConnectionsInit, ConnectionState } from './connections.ts'
import type { NetworkLimits } from './defaults.ts'
import type { Greetings } from './greetings.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { PassShare } from './pass-share.ts'
import type { Reader, ReaderOwner } from './reader.ts'
import type { ReadingTurns } from './reading-turns.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch, Watched } from './watch.ts'
import type { Writer } from './writer.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, Logger, Stream, StreamCloseEvent } from '@libp2p/interface'

/** Everything that the network keeps for one connected peer, from its first connection to its last. */
export interface Peer extends Watched {
  readonly id: string
  readonly connections: Connections
  readonly readers: ReadonlySet<Reader>
  /** Made when there is first something to send. */
  readonly writer: Writer
  /** The writer, if there is one. */
  readonly writing: Writer | undefined
  /** A connection has opened; the number names it. */
  connected (connection: Connection, id: number): void
  /** A connection has closed; false: it was none of the peer's. */
  disconnected (connection: Connection, event: StreamCloseEvent): boolean
  read (stream: Stream, connection: Connection): void
  /** Drops the peer: resets all streams. */
  leave (error: Error): void
}

/** What all peers share. */
export interface PeerContext {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly watch: Watch
  readonly log: Logger
  readonly budget: InFlightBudget
  /** Whether blocks and presences are taken. */
  readonly answers: boolean
  now (): number
  /** Where streams wait when more has arrived than is handled in one pass of the event loop. */
  readonly turns: ReadingTurns
  random (): number
  receive (peer: string, message: BitswapMessage, protocol: BitswapProtocol, connection: number): Promise<void> | false | undefined
  connection (peer: string, connection: number, is: ConnectionState): void
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  stalled (peer: Peer): void
  mayBeIdle (): void
}

const NONE: ReadonlySet<Reader> = new Set()

/** Makes a peer that has no connection yet. */
export function createPeer (id: string, context: PeerContext): Peer {
  return new NetworkPeer(id, context)
}

/** Makes parts only when they are needed, because thousands of peers are connected and idle. */
class NetworkPeer implements Peer, ConnectionsInit {
  readonly id: string
  readonly connections: Connections
  readonly #context: PeerContext
  /** Exists while a greeting is due. */
  #greetings: Greetings | undefined
  #readers: Set<Reader> | undefined
  /** By connection number. */
  #owners: Map<number, ReaderOwner> | undefined
  #writer: Writer | undefined
  /** Bytes of unfinished messages, on all streams. */
  #unfinished = 0
  /** Shared by all streams. */
  #share: PassShare | undefined
  #hasLeft = false

  constructor (id: string, context: PeerContext) {
    this.id = id
    this.#context = context
    this.connections = createConnections(this)
  }

  get limits (): NetworkLimits {
    return this.#context.limits
  }

  get log (): Logger {
    return this.#context.log
  }

  get readers (): ReadonlySet<Reader> {
    return this.#readers ?? NONE
  }

  get writer (): Writer {
    this.#writer ??= this.#createWriter()

    return this.#writer
  }

  get writing (): Writer | undefined {
    return this.#writer
  }

  now (): number {
    return this.#context.now()
  }

  writtenOn (): Connection | undefined {
    return this.#writer?.connection
  }

  stuck (connection: Connection): number {
    return this.#writer?.stuck(connection) ?? 0
  }

  state (connection: number, is: ConnectionState): void {
    this.#context.connection(this.id, connection, is)
  }

  ending (): void {
    this.#context.watch.add(this)
  }

  changed (): void {
    this.#writer?.moved()
  }

  connected (connection: Connection, number: number): void {
    this.connections.opened(connection, number)
    this.#writer?.connected()
    this.#greeted().connected(this.now())
    this.#context.watch.add(this)
  }

  disconnected (connection: Connection, event: StreamCloseEvent): boolean {
    const number = this.connections.idOf(connection)

    if (number != null) {
      this.#owners?.delete(number)
    }

    const wasOurs = this.connections.closed(connection, event)

    if (wasOurs && this.connections.all.length > 0) {
      this.#broke()
    }

    return wasOurs
  }

  read (stream: Stream, connection: Connection): void {
    const number = this.connections.idOf(connection)

    if (number == null) {
      return
    }

    this.#context.stats.streamsReceived++
    this.connections.alive(connection)
    // a stream that has ended already needs no reader
    const reader = createReader(stream, connection.multiplexer?.startsWith('/yamux/') === true, this.#ownerOf(connection, number))

    if (!reader.over) {
      this.#readers ??= new Set()
      this.#readers.add(reader)
    }
  }

  leave (error: Error): void {
    this.#hasLeft = true
    this.#context.watch.remove(this)
    this.connections.stop(error)
    this.#writer?.stop(error)

    for (const reader of this.readers) {
      reader.abort(error)
    }
  }

  tick (now: number): boolean {
    const { limits, stats } = this.#context
    shedStreams(this.readers, limits.maxWaitingBytes, stats, reader => reader.waitingBytes)

    const deciding = this.connections.tick(now)
    const greeting = this.#greetings?.tick(now) === true

    if (!greeting) {
      this.#greetings = undefined
    }

    for (const reader of this.readers) {
      if (reader.holding) {
        return true
      }
    }

    return deciding || greeting
  }

  #createWriter (): Writer {
    const { connections, id } = this
    const { limits, stats, watch, log, budget, now, random, mayBeIdle, take, stalled } = this.#context

    const writer = createLanes({
      limits,
      stats,
      watch,
      log,
      budget,
      now,
      random,
      connections: () => connections.usable(),
      refused: (connection, error) => { connections.refused(connection, error) },
      undecided: () => connections.undecided,
      isLost: connection => connections.isLost(connection),
      take: (maxBytes, protocol) => take(id, maxBytes, protocol),
      stalled: () => { stalled(this) },
      mayBeIdle: () => {
        // a stream of an earlier writer may end late
        if (this.#writer === writer && writer.isSpare) {
          this.#writer = undefined
        }

        mayBeIdle()
      }
    })

    return writer
  }

  #greeted (): Greetings {
    this.#greetings ??= createGreetings(this.limits, () => { this.writer.greet() })

    return this.#greetings
  }

  /** What the readers of one connection report to. */
  #ownerOf (connection: Connection, number: number): ReaderOwner {
    const known = this.#owners?.get(number)

    if (known != null) {
      return known
    }

    const { limits, stats, watch, log, answers, now, turns } = this.#context
    const share = this.#share ??= createPassShare(turns, limits.itemsPerPass)
    const owner: ReaderOwner = {
      limits,
      stats,
      watch,
      log,
      answers,
      now,
      hasShare: share.isLeft,
      handled: share.handled,
      // a peer that this host has dialled is not held up: it sends what this host asked for
      mayHandle: bytes => connection.direction === 'outbound' || turns.mayGo(this, bytes > limits.smallMessage),
      nextTurn: run => {
        turns.wait(this, () => {
          run()

          return share.isLeft()
        })
      },
      message: (message, protocol) => this.#received(connection, number, message, protocol),
      unfinished: delta => { this.#count(delta) },
      holds: () => { watch.add(this) },
      ended: reader => { this.#readers?.delete(reader) },
      broke: () => {
        if (this.connections.includes(connection) && connection.status === 'open') {
          this.#broke()
        }
      }
    }
    this.#owners ??= new Map()
    this.#owners.set(number, owner)

    return owner
  }

  #received (connection: Connection, number: number, message: BitswapMessage, protocol: BitswapProtocol): Promise<void> | false | undefined {
    const asks = message.full || message.wants.some(({ cancel }) => !cancel)
    this.connections.heard(connection, asks)

    if (asks) {
      // a peer that no longer asks this host may still cancel earlier wants, so only wants count
      this.#greetings?.asked()
    }

    return this.#context.receive(this.id, message, protocol, number)
  }

  #count (delta: number): void {
    const { limits, stats } = this.#context
    this.#unfinished += delta

    if (delta > 0 && this.#unfinished > limits.maxUnfinishedBytes) {
      shedStreams(this.readers, limits.maxUnfinishedBytes, stats, reader => reader.unfinishedBytes)
    }
  }

  /** A connection of the peer, or a stream that it sent on, has broken. */
  #broke (): void {
    // streams also break when the peer is dropped while its connection is still closing
    if (this.#hasLeft) {
      return
    }

    this.#greeted().broke(this.now())
    this.#context.watch.add(this)
  }
}
