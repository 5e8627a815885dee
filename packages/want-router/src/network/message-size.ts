import type { NetworkLimits } from './defaults.ts'

/**
 * How large the messages to a peer should be. Large messages cost less, but a slow peer
 * aborts one that takes long (Helia after 10 s), and everything behind it waits. So the
 * size follows the time in which messages leave.
 */
export interface MessageSize {
  readonly bytes: number
  /** A message of that length has left, `ms` after the one before it. */
  left (length: number, ms: number): void
}

/** Makes the message size of one peer, which begins with `minMessageSize`. */
export function createMessageSize (limits: NetworkLimits): MessageSize {
  let bytes = limits.minMessageSize

  return {
    get bytes () {
      return bytes
    },
    left (length, ms) {
      if (ms > limits.slowMessage) {
        bytes = Math.max(limits.minMessageSize, Math.floor(bytes / 2))
      } else if (ms <= limits.quickMessage && length >= bytes / 2) {
        // a short message that leaves at once says nothing about the link
        bytes = Math.min(limits.maxMessageSize, bytes * 2)
      }
    }
  }
}
