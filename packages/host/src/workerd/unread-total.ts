/** How much is sent to a peer that has not shown that it reads, bytes. Beyond that its streams wait. */
export const MAX_UNREAD = 4 << 20
/** How much is sent to such a peer even if all others together have used up {@link MAX_UNREAD_TOTAL}, bytes. */
export const MIN_UNREAD = 64 << 10
/** How much the peers of all connections together may leave unread, bytes, besides {@link MIN_UNREAD} for each: an isolate of Cloudflare has 128 MB. */
export const MAX_UNREAD_TOTAL = 32 << 20
/** A connection that has not counted anything for this long is idle, or its request was ended without notice, ms. */
const FORGOTTEN_AFTER = 60_000

/**
 * How much the peers of an isolate have not read. Its connections belong to several requests,
 * which cannot wake each other: each has its own timer, and they share only these numbers.
 */
export interface UnreadTotal {
  /** How much all of them have not read, bytes. */
  readonly bytes: number
  /** How much one of them may leave unread at the moment, bytes. */
  readonly limit: number
  /** Sets how much the peer of a connection has not read. */
  count (connection: object, bytes: number): void
  /** The connection has ended. */
  remove (connection: object): void
}

/** Creates the numbers that the connections of an isolate share. */
export function createUnreadTotal (now: () => number = Date.now): UnreadTotal {
  const counted = new Map<object, { bytes: number, at: number }>()
  let total = 0
  let lookedAt = -Infinity

  function remove (connection: object): void {
    total -= counted.get(connection)?.bytes ?? 0
    counted.delete(connection)
  }

  /** The runtime may end a request without notice; the data that its peers had not read is gone then. */
  function forget (before: number): void {
    for (const [connection, { at }] of counted) {
      if (at < before) {
        remove(connection)
      }
    }
  }

  return {
    get bytes () { return total },

    get limit () {
      // half of what is left, so that something is left for another connection, and early connections get no more than later ones
      return Math.max(MIN_UNREAD, Math.min(MAX_UNREAD, (MAX_UNREAD_TOTAL - total) / 2))
    },

    count (connection, bytes) {
      const at = now()
      remove(connection)
      counted.set(connection, { bytes, at })
      total += bytes

      if (at - lookedAt >= FORGOTTEN_AFTER) {
        lookedAt = at
        forget(at - FORGOTTEN_AFTER)
      }
    },

    remove
  }
}
