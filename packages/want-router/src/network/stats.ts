/** Totals since the network was made. */
export interface NetworkStats {
  /** Outbound streams that were negotiated. */
  streamsOpened: number
  /** Inbound streams that were accepted. */
  streamsReceived: number
  /** Attempts to open a stream that failed. */
  openFailures: number
  /** Messages that were read, and their bytes without the length prefix. */
  framesIn: number
  bytesIn: number
  /** Messages that were written, and their bytes with the length prefix; those sent again count again. */
  framesOut: number
  bytesOut: number
  /** Streams reset because of what arrived on them: invalid lengths, malformed or unfinished messages. */
  badFrames: number
  /** Messages that were read and then dropped: their stream was reset while they waited, or nothing was waiting for their content. */
  framesDropped: number
  /** Streams reset because too much of their peer was waiting on all its streams. */
  shed: number
  /** Messages sent again because their stream had broken. */
  resends: number
  /** Peers disconnected because they took nothing. */
  stalled: number
}

/** All counts at 0. */
export function createNetworkStats (): NetworkStats {
  return {
    streamsOpened: 0,
    streamsReceived: 0,
    openFailures: 0,
    framesIn: 0,
    bytesIn: 0,
    framesOut: 0,
    bytesOut: 0,
    badFrames: 0,
    framesDropped: 0,
    shed: 0,
    resends: 0,
    stalled: 0
  }
}
