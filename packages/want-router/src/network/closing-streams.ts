import { StreamTimeoutError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { OutboundStream } from './outbound-stream.ts'

/** Streams that are no longer written to and have not closed yet. What they hold is still sent. */
export interface ClosingStreams {
  add (outbound: OutboundStream, now: number): void
  delete (outbound: OutboundStream): void
  /** Resets streams that the peer has not closed in time. */
  tick (now: number): void
  /** Resets all of them. */
  abort (error: Error): void
  [Symbol.iterator] (): Iterator<OutboundStream>
  /** Whether the peer may have as much unread on streams without flow control as it may be given. */
  unread (now: number): boolean
  /** Whether one of them holds bytes that no other stream will send. */
  readonly holding: boolean
  readonly size: number
}

/** Makes an empty set of streams that are closing. */
export function createClosingStreams (limits: NetworkLimits): ClosingStreams {
  /** Streams, and the times at which they are reset. */
  const all = new Map<OutboundStream, number>()

  return {
    add (outbound, now) {
      all.set(outbound, now + limits.lingerTimeout)
    },

    delete (outbound) {
      all.delete(outbound)
    },

    tick (now) {
      for (const [outbound, deadline] of all) {
        const waits = outbound.stream.writeBufferLength > 0

        if (now >= deadline && outbound.unbounded && !waits) {
          // some peers never close a stream: what has left is not sent again because of that
          outbound.sent.clear()
        }

        // over a slow path, what has left may take longer to arrive, and a reset would lose it
        if (now >= deadline && (outbound.sent.empty || waits)) {
          all.delete(outbound)
          outbound.stream.abort(new StreamTimeoutError(`The peer did not close a stream within ${limits.lingerTimeout} ms`))
        }
      }
    },

    abort (error) {
      for (const { stream } of all.keys()) {
        stream.abort(error)
      }

      all.clear()
    },

    [Symbol.iterator]: () => all.keys(),

    unread (now) {
      let unread = 0

      for (const [outbound, deadline] of all) {
        if (outbound.unbounded && outbound.stream.writeBufferLength > 0) {
          return true
        }

        if (outbound.unbounded && now < deadline - limits.lingerTimeout + limits.unreadTimeout) {
          unread++
        }
      }

      return unread >= limits.maxLanes
    },

    get holding () {
      for (const outbound of all.keys()) {
        if (outbound.holds) {
          return true
        }
      }

      return false
    },

    get size () {
      return all.size
    }
  }
}
