/** Places for sockets whose handshake is under way. */
export interface PendingPlaces<T> {
  readonly size: number
  /** Takes a place. If none is free, evicts the oldest socket of the address that holds most places. */
  add (socket: T, address: string): void
  delete (socket: T): void
}

/**
 * Creates a number of places. A silent socket keeps its place until its handshake times out, so
 * one address could take all places with a few hundred sockets a second. Here a new socket
 * evicts one of the address that holds most, so that address only loses its own places, and
 * every other address gets one.
 *
 * @param max - how many places there are
 * @param evict - closes a socket that has lost its place
 */
export function createPendingPlaces <T> (max: number, evict: (socket: T) => void): PendingPlaces<T> {
  const addresses = new Map<T, string>()
  const held = new Map<string, Set<T>>()

  function remove (socket: T): void {
    const address = addresses.get(socket)

    if (address != null) {
      const same = held.get(address)
      same?.delete(socket)
      addresses.delete(socket)

      if (same?.size === 0) {
        held.delete(address)
      }
    }
  }

  function oldestOfMost (): T | undefined {
    let most: Set<T> | undefined

    for (const same of held.values()) {
      if (most == null || same.size > most.size) {
        most = same
      }
    }

    return most?.values().next().value
  }

  return {
    get size () {
      return addresses.size
    },

    add (socket, address) {
      const oldest = addresses.size >= max ? oldestOfMost() : undefined

      if (oldest != null) {
        remove(oldest)
        evict(oldest)
      }

      const same = held.get(address) ?? new Set()
      same.add(socket)
      held.set(address, same)
      addresses.set(socket, address)
    },

    delete: remove
  }
}
