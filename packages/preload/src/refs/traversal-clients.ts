import type { Passage } from '../gate/passage.ts'

/** The clients that a traversal asks: each from the first reader that adds it until the last one of those has left. */
export interface TraversalClients {
  /** How many are asked. */
  readonly size: number
  /** A reader adds a client, which it has not added before. */
  add (client: string): void
  /** A reader that has added these has left. */
  remove (clients: Iterable<string>): void
}

/** Creates the clients of a traversal, which has none yet. Each one is added to the passage, and removed from it. */
export function createTraversalClients (passage: Pick<Passage, 'addClient' | 'removeClient'>): TraversalClients {
  /** Readers that ask each client. */
  const readers = new Map<string, number>()

  return {
    get size () { return readers.size },

    add (client) {
      const before = readers.get(client) ?? 0
      readers.set(client, before + 1)

      if (before === 0) {
        passage.addClient(client)
      }
    },

    remove (clients) {
      for (const client of clients) {
        const left = (readers.get(client) ?? 0) - 1

        if (left > 0) {
          readers.set(client, left)
        } else {
          readers.delete(client)
          passage.removeClient(client)
        }
      }
    }
  }
}
