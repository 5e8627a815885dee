/** Totals since the network was made. */
export interface NetworkStats {
  /** Outbound streams that were negotiated. */
  streamsOpened: number
  /** Inbound streams that were taken. */
  streamsReceived: number
  /** Attempts to open a stream that failed. */
  openFailures: number
  /** Messages that were read, and their bytes without the length prefix. */
  framesIn: number
  bytesIn: number
  /** Messages that were written, and their bytes with the length prefix; those sent again count again. */
  framesOut: number
  bytesOut: number
  /** Streams reset for what came on them: bad lengths, bad messages, messages that did not end. */
  badFrames: number
  /** Messages that were read and then dropped: their stream was reset while they waited, or there was no session that they belonged to. */
  framesDropped: number
  /** Streams reset because their peer held too much on all of them. */
  shed: number
  /** Messages sent again because their stream had broken. */
  resends: number
  /** Peers disconnected because they took nothing. */
  stalled: number
}

/** Makes totals that are all 0. */
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
