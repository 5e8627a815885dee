import { EndedMuxerError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { KnownConnections } from './known-connections.ts'

/** With these libp2p refuses a stream whose muxer, or connection, has ended. */
const NAMES = ['ConnectionClosedError', 'MuxerClosedError']

/**
 * Whether a stream could not be opened because the muxer of its connection has
 * ended. libp2p ends a muxer by itself when the peer says so, or opens more streams
 * than it allows, and leaves the connection open: the peer counts as connected, and
 * neither side can say anything.
 */
export function isMuxerEnded (error: Error): boolean {
  return NAMES.includes(error.name)
}

/**
 * Ends the connections whose muxers have ended, so that both sides notice and
 * connect again. One that is being closed has some time for that: its muxer opens
 * no streams either, and those that it has may still be emptied.
 *
 * @returns whether there are any left to be ended
 */
export function endMuted (known: KnownConnections, limits: Pick<NetworkLimits, 'closeTimeout' | 'stallTimeout'>, now: number): boolean {
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
