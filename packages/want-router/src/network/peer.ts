import { createConnections } from './connections.ts'
import { createGreetings } from './greetings.ts'
import { createLanes } from './lanes.ts'
import { shedStreams } from './overload.ts'
import { createReader } from './reader.ts'
import type { Connections, ConnectionState } from './connections.ts'
import type { NetworkLimits } from './defaults.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { Reader, ReaderOwner } from './reader.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch, Watched } from './watch.ts'
import type { Writer } from './writer.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, Logger, Stream, StreamCloseEvent } from '@libp2p/interface'

/** All that the network has of one connected peer. Made with its first connection, gone with its last. */
export interface Peer extends Watched {
  readonly id: string
  readonly connections: Connections
  readonly readers: ReadonlySet<Reader>
  /** Made when there is first something to send. */
  readonly writer: Writer
  /** The writer, if there is one. */
  readonly writing: Writer | undefined
  /** A connection has opened; the number is to name it. */
  connected (connection: Connection, id: number): void
  /** Returns whether it was one of the peer's. */
  disconnected (connection: Connection, event: StreamCloseEvent): boolean
  read (stream: Stream, connection: Connection): void
  /** Resets all streams. */
  leave (error: Error): void
}

/** What all peers share. */
export interface PeerContext {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly watch: Watch
  readonly log: Logger
  readonly budget: InFlightBudget
  now (): number
  random (): number
  message (peer: string, message: BitswapMessage, protocol: BitswapProtocol, connection: number): Promise<void> | false | undefined
  connection (peer: string, connection: number, is: ConnectionState): void
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  stalled (peer: Peer): void
  rested (): void
}

export function createPeer (id: string, context: PeerContext): Peer {
  const { limits, stats, watch, log, budget, now, random, rested } = context
  const readers = new Set<Reader>()
  let unfinished = 0
  let writing: Writer | undefined

  const connections = createConnections({
    limits,
    log,
    now,
    writing: () => writing?.connection,
    stuck: connection => writing?.stuck(connection) ?? 0,
    state: (connection, is) => { context.connection(id, connection, is) },
    changed: () => { writing?.moved() }
  })
  const hello = createGreetings(limits, () => { self.writer.greet() })

  function owner (connection: Connection, number: number): ReaderOwner {
    return {
      limits,
      stats,
      watch,
      log,
      now,
      message (message, protocol) {
        hello.heard()
        connections.heard(connection, message.full || message.wants.some(({ cancel }) => !cancel))

        return context.message(id, message, protocol, number)
      },
      unfinished (delta) {
        unfinished += delta

        if (delta > 0 && unfinished > limits.maxUnfinishedBytes) {
          shedStreams(readers, limits.maxUnfinishedBytes, stats, reader => reader.unfinishedBytes)
        }
      },
      holds () {
        watch.add(self)
      },
      ended (reader) {
        readers.delete(reader)
      }
    }
  }

  const self: Peer = {
    id,
    connections,
    readers,

    get writer () {
      writing ??= createLanes({
        limits,
        stats,
        watch,
        log,
        budget,
        now,
        random,
        rested,
        connections: connections.usable,
        undecided: () => connections.undecided,
        isLost: connections.isLost,
        take: (maxBytes, protocol) => context.take(id, maxBytes, protocol),
        stalled: () => { context.stalled(self) }
      })

      return writing
    },

    get writing () {
      return writing
    },

    connected (connection, number) {
      connections.opened(connection, number)
      writing?.connected()
      hello.connected(now())
      watch.add(self)
    },

    disconnected (connection, event) {
      const wasOurs = connections.closed(connection, event)

      if (wasOurs && connections.all.length > 0) {
        hello.broke(now())
        watch.add(self)
      }

      return wasOurs
    },

    read (stream, connection) {
      const number = connections.idOf(connection)

      if (number == null) {
        return
      }

      stats.streamsReceived++
      connections.alive(connection)
      stream.addEventListener('close', ({ error }) => {
        if (error != null && connections.includes(connection) && connection.status === 'open') {
          hello.broke(now())
          watch.add(self)
        }
      })
      // a stream that has ended already is not worth remembering
      const read = createReader(stream, connection.multiplexer?.startsWith('/yamux/') === true, owner(connection, number))

      if (!read.over) {
        readers.add(read)
      }
    },

    leave (error) {
      watch.remove(self)
      connections.stop(error)
      writing?.stop(error)

      for (const read of readers) {
        read.abort(error)
      }
    },

    tick (time) {
      shedStreams(readers, limits.maxWaitingBytes, stats, reader => reader.waitingBytes)

      const deciding = connections.tick(time)
      const greeting = hello.tick(time)

      for (const read of readers) {
        if (read.holding) {
          return true
        }
      }

      return deciding || greeting
    }
  }

  return self
}
