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

interface Candidate {
  readonly connection: Connection
  readonly idle: number
}

/** A connection counts as idle after this time, ms: data that was just sent may not have arrived. */
const MIN_IDLE = 250

/** How long a list of idle connections is used, ms: a rush of new clients does not cause a new list for each. */
const LIST_LIFETIME = 250

/**
 * Ranks idle connections: first those of the address with the most connections, then
 * those that have been idle longest.
 *
 * @returns finds the first of them, which stays on the list until it is closed; undefined if no connection is idle
 */
export function createIdleRanking ({ connections, connectionsOf, idleTime, now }: IdleRankingInit): () => Connection | undefined {
  let candidates = new Map<string, Candidate[]>()
  let listedAt = -Infinity

  /** Lists candidates by address, the longest idle last. */
  function list (): void {
    listedAt = now()
    candidates = new Map()

    for (const [connection, { address }] of connections()) {
      const idle = idleTime(connection)

      if (idle >= MIN_IDLE) {
        const same = candidates.get(address) ?? []
        same.push({ connection, idle })
        candidates.set(address, same)
      }
    }

    for (const same of candidates.values()) {
      same.sort((a, b) => a.idle - b.idle)
    }
  }

  /** The candidates of the address that loses the next connection. */
  function first (): Candidate[] | undefined {
    let best: { same: Candidate[], held: number, idle: number } | undefined

    for (const [address, same] of candidates) {
      const held = connectionsOf(address)
      const idle = same.at(-1)?.idle ?? 0

      if (same.length > 0 && (best == null || held > best.held || (held === best.held && idle > best.idle))) {
        best = { same, held, idle }
      }
    }

    return best?.same
  }

  return () => {
    if (now() - listedAt >= LIST_LIFETIME) {
      list()
    }

    for (;;) {
      const same = first()
      const connection = same?.at(-1)?.connection

      if (connection == null || idleTime(connection) >= MIN_IDLE) {
        return connection
      }

      // it has become active since it was listed
      same?.pop()
    }
  }
}
