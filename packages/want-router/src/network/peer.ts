import { lanes } from './lanes.ts'
import { reader } from './reader.ts'
import { shed } from './shed.ts'
import type { NetworkLimits } from './defaults.ts'
import type { InFlightBudget } from './in-flight.ts'
import type { Reader, ReaderOwner } from './reader.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch, Watched } from './watch.ts'
import type { Writer } from './writer.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, Logger, Stream } from '@libp2p/interface'

/** All that the network has of one connected peer. Made with its first connection, gone with its last. */
export interface Peer extends Watched {
  readonly id: string
  /** Oldest first. */
  readonly connections: Connection[]
  readonly readers: ReadonlySet<Reader>
  /** Made when there is first something to send. */
  readonly writer: Writer
  /** The writer, if there is one. */
  readonly writing: Writer | undefined
  /** Those that a stream can be opened on, newest first. */
  usable (): Connection[]
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
  message (peer: string, message: BitswapMessage, protocol: BitswapProtocol): Promise<void> | false | undefined
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  stalled (peer: Peer): void
  rested (): void
}

export function peer (id: string, context: PeerContext): Peer {
  const { limits, stats, watch, log, budget, now, random, rested } = context
  const connections: Connection[] = []
  const readers = new Set<Reader>()
  let unfinished = 0
  let writing: Writer | undefined

  const owner: ReaderOwner = {
    limits,
    stats,
    watch,
    log,
    now,
    message: (message, protocol) => context.message(id, message, protocol),
    unfinished (delta) {
      unfinished += delta

      if (delta > 0 && unfinished > limits.maxUnfinishedBytes) {
        shed(readers, limits.maxUnfinishedBytes, stats, reader => reader.unfinishedBytes)
      }
    },
    holds () {
      watch.add(self)
    },
    ended (reader) {
      readers.delete(reader)
    }
  }

  const self: Peer = {
    id,
    connections,
    readers,

    get writer () {
      writing ??= lanes({
        limits,
        stats,
        watch,
        log,
        budget,
        now,
        random,
        rested,
        connections: self.usable,
        undecided: () => false,
        isLost: () => false,
        take: (maxBytes, protocol) => context.take(id, maxBytes, protocol),
        stalled: () => { context.stalled(self) }
      })

      return writing
    },

    get writing () {
      return writing
    },

    usable () {
      const usable: Connection[] = []

      for (let i = connections.length - 1; i >= 0; i--) {
        if (connections[i].status === 'open' && connections[i].limits == null) {
          usable.push(connections[i])
        }
      }

      return usable
    },

    read (stream, connection) {
      stats.streamsReceived++
      // a stream that has ended already is not worth remembering
      const read = reader(stream, connection.multiplexer?.startsWith('/yamux/') === true, owner)

      if (!read.over) {
        readers.add(read)
      }
    },

    leave (error) {
      watch.remove(self)
      writing?.stop(error)

      for (const read of readers) {
        read.abort(error)
      }
    },

    // watched only while some stream is held
    tick () {
      shed(readers, limits.maxWaitingBytes, stats, reader => reader.waitingBytes)

      for (const read of readers) {
        if (read.holding) {
          return true
        }
      }

      return false
    }
  }

  return self
}
