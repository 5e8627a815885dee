/** How much is sent to a peer that has not shown that it reads, bytes: its streams wait from here on. */
export const MAX_UNREAD = 4 << 20
/** How much is sent to it however little memory is left, bytes. */
export const MIN_UNREAD = 64 << 10
/** What the peers of all connections together may leave unread, bytes, but for {@link MIN_UNREAD} of each: an isolate of Cloudflare has 128 MB. */
export const MAX_UNREAD_TOTAL = 32 << 20
/** A connection that has said nothing for this long has ended without a word, or is idle, ms. */
const FORGOTTEN_AFTER = 60_000

/**
 * What the peers of an isolate have not read. Its connections belong to several requests, which may not wake each other: each looks by its
 * own timer, and all that they share are these numbers.
 */
export interface UnreadTotal {
  /** What all have not read, bytes. */
  readonly bytes: number
  /** What one of them may leave unread at the moment, bytes. */
  readonly limit: number
  /** Tells how much the peer of a connection, by its key, has not read. */
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

  /** The runtime may end a request without a word to it, and what its peer had not read has gone with it. */
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
      // half of what is left: so some is left for one more, and those that came first keep no more than those that come later
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
