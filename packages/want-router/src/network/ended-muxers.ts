import { EndedMuxerError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { KnownConnections } from './known-connections.ts'

/** Names of the errors with which libp2p refuses a stream when its muxer or connection has ended. */
const NAMES = ['ConnectionClosedError', 'MuxerClosedError']

/**
 * Whether a stream could not be opened because the muxer of its connection has ended.
 * When a peer ends its muxer, or opens more streams than allowed, libp2p ends the muxer
 * and leaves the connection open: the peer counts as connected, but neither side can send
 * anything.
 */
export function isMuxerEnded (error: Error): boolean {
  return NAMES.includes(error.name)
}

/**
 * Aborts connections whose muxers have ended, so that both sides notice and connect
 * again. A connection may also be closing: its muxer opens no streams either, so it has
 * some time for its remaining streams.
 *
 * @returns whether some have not been aborted yet
 */
export function abortEndedMuxers (known: KnownConnections, limits: Pick<NetworkLimits, 'closeTimeout' | 'stallTimeout'>, now: number): boolean {
  let waiting = false

  for (const { connection, muxerEndedAt } of [...known]) {
    if (muxerEndedAt == null || connection.status !== 'open') {
      continue
    }

    const timeout = connection.streams.length === 0 ? limits.closeTimeout : limits.stallTimeout

    if (now - muxerEndedAt >= timeout) {
      connection.abort(new EndedMuxerError())
    } else {
      waiting = true
    }
  }

  return waiting
}
