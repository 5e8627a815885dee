/** A peer supports no version of bitswap that this host supports. */
export class NoBitswapError extends Error {
  static name = 'NoBitswapError'
  name = 'NoBitswapError'

  constructor (message = 'The peer supports no known version of bitswap') {
    super(message)
  }
}

/** There is no connection to a peer on which a stream can be opened. */
export class NotConnectedError extends Error {
  static name = 'NotConnectedError'
  name = 'NotConnectedError'

  constructor (message = 'There is no open, unlimited connection to the peer') {
    super(message)
  }
}

/** No address of a peer can be connected to. The message has the reasons. */
export class UnreachableError extends Error {
  static name = 'UnreachableError'
  name = 'UnreachableError'

  constructor (message = 'No address of the peer can be connected to') {
    super(message)
  }
}

/** The network has been stopped, or was not started. */
export class NetworkStoppedError extends Error {
  static name = 'NetworkStoppedError'
  name = 'NetworkStoppedError'

  constructor (message = 'The network is not running: call start() first') {
    super(message)
  }
}

/** This host has ended a connection or a stream. */
export class DisconnectedError extends Error {
  static name = 'DisconnectedError'
  name = 'DisconnectedError'

  constructor (message = 'The peer was disconnected') {
    super(message)
  }
}

/** A part of a message has arrived on a stream, and then nothing more. */
export class UnfinishedMessageError extends Error {
  static name = 'UnfinishedMessageError'
  name = 'UnfinishedMessageError'

  constructor (message = 'The rest of a message did not arrive in time') {
    super(message)
  }
}

/** The streams of a peer hold more unfinished messages than one peer may. */
export class TooMuchUnfinishedError extends Error {
  static name = 'TooMuchUnfinishedError'
  name = 'TooMuchUnfinishedError'

  constructor (message = 'The streams of the peer hold too many unfinished messages') {
    super(message)
  }
}

/** Opening or closing a stream took too long. */
export class StreamTimeoutError extends Error {
  static name = 'StreamTimeoutError'
  name = 'StreamTimeoutError'

  constructor (message = 'The peer did not answer in time') {
    super(message)
  }
}

/** A connection is open, but no stream can be opened on it any more. */
export class EndedMuxerError extends Error {
  static name = 'EndedMuxerError'
  name = 'EndedMuxerError'

  constructor (message = 'The muxer of the connection has ended, so neither side can send anything') {
    super(message)
  }
}

/** A connection has given no sign of life since its peer opened another. */
export class SilentConnectionError extends Error {
  static name = 'SilentConnectionError'
  name = 'SilentConnectionError'

  constructor (message = 'The peer has a newer connection, and nothing arrives on this one') {
    super(message)
  }
}
