import type { Connection } from '@libp2p/interface'

/** What the ranking of idle connections needs to know. */
export interface IdleRankingInit {
  /** All open connections with their remote hosts. */
  connections (): Iterable<[Connection, { readonly address: string }]>
  /** How many connections a remote host has. */
  connectionsOf (address: string): number
  /** How long a connection has been idle, ms; 0 if it is not. */
  idleTime (connection: Connection): number
  /** Monotonic time, ms. */
  now (): number
}

/** Ranks idle connections. */
export interface IdleRanking {
  /** Whom to close first; it stays on the list until it is closed. Undefined if no connection is idle. */
  first (): Connection | undefined
  /** A connection has closed. */
  forget (connection: Connection, address: string): void
}

/** A connection counts as idle after this time, ms: data that was just sent may not have arrived. */
const MIN_IDLE = 250

/** How long a list of idle connections is used, ms: a rush of new clients does not cause a new list for each. */
const LIST_LIFETIME = 250

/**
 * Ranks idle connections: first those of the address with the most connections, then
 * those that have been idle longest.
 */
export function createIdleRanking ({ connections, connectionsOf, idleTime, now }: IdleRankingInit): IdleRanking {
  /** By address, connections and how long they had been idle when they were listed, the longest idle first. */
  const candidates = new Map<string, Map<Connection, number>>()
  let listedAt = -Infinity

  function list (): void {
    listedAt = now()
    candidates.clear()
    const idle: Array<[Connection, string, number]> = []

    for (const [connection, { address }] of connections()) {
      const time = idleTime(connection)

      if (time >= MIN_IDLE) {
        idle.push([connection, address, time])
      }
    }

    for (const [connection, address, time] of idle.sort(([, , a], [, , b]) => b - a)) {
      const same = candidates.get(address) ?? new Map<Connection, number>()
      candidates.set(address, same.set(connection, time))
    }
  }

  /** The address that loses the next connection, and that connection. */
  function next (): [string, Connection] | undefined {
    let best: { address: string, connection: Connection, held: number, idle: number } | undefined

    for (const [address, same] of candidates) {
      const held = connectionsOf(address)
      const [[connection, idle]] = same

      if (best == null || held > best.held || (held === best.held && idle > best.idle)) {
        best = { address, connection, held, idle }
      }
    }

    return best == null ? undefined : [best.address, best.connection]
  }

  function forget (connection: Connection, address: string): void {
    const same = candidates.get(address)
    same?.delete(connection)

    if (same?.size === 0) {
      candidates.delete(address)
    }
  }

  return {
    first () {
      if (now() - listedAt >= LIST_LIFETIME) {
        list()
      }

      for (;;) {
        const [address, connection] = next() ?? []

        if (address == null || connection == null || idleTime(connection) >= MIN_IDLE) {
          return connection
        }

        // it has become active since it was listed
        forget(connection, address)
      }
    },

    forget
  }
}
