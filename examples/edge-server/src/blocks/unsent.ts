import { createLiving } from './living.ts'

/** What the router of one connection tells about what its client has not taken. */
export interface UnsentReplies {
  /** Bytes that wait for the client. */
  readonly bytes: number
  /** All bytes that the client has been sent. */
  sent (): number
}

/** The replies of one connection. */
export interface ConnectionReplies {
  /**
   * To be called about once a second, in the request of the connection. True: the connection is to be ended, since its client
   * has taken nothing for ten seconds while the memory is needed.
   */
  isStuck (): boolean
  /** The connection has ended. */
  remove (): void
}

/** The replies of all connections of an isolate that their clients have not taken. */
export interface Unsent {
  readonly bytes: number
  add (replies: UnsentReplies): ConnectionReplies
}

interface UnsentInit {
  /** While more waits, bytes, connections that are stuck are ended. */
  readonly max: number
  /** Default: the platform's. */
  now? (): number
}

/** How long a client may take nothing, ms, while the memory is needed. */
export const STUCK_AFTER = 10_000

/**
 * Adds up what waits for the clients of an isolate. Each connection has a router of its own, whose limits do not bound the
 * sum: a few dozen clients that never read would fill the memory.
 */
export function createUnsent ({ max, now = Date.now }: UnsentInit): Unsent {
  const connections = createLiving<UnsentReplies>(now)

  function bytes (): number {
    let sum = 0

    for (const { bytes } of connections) {
      sum += bytes
    }

    return sum
  }

  return {
    get bytes () { return bytes() },

    add (replies) {
      let sent = -1
      let since = 0
      connections.see(replies)

      return {
        isStuck () {
          connections.see(replies)

          if (replies.bytes === 0 || bytes() <= max) {
            sent = -1

            return false
          }

          const before = sent
          sent = replies.sent()

          if (sent !== before) {
            since = now()
          }

          return now() - since >= STUCK_AFTER
        },

        remove () { connections.delete(replies) }
      }
    }
  }
}
