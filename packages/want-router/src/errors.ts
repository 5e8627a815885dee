export { KuboRpcError } from '@kitsune/kubo-rpc'

/**
 * An option that cannot be meant: the message names the option, says what was
 * wrong with it and what is expected. Thrown at construction, never later.
 */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'

  constructor (message = 'Invalid option') {
    super(message)
  }
}

/** A block source returned more bytes than a bitswap message can carry. */
export class BlockTooLargeError extends Error {
  static name = 'BlockTooLargeError'
  name = 'BlockTooLargeError'

  constructor (message = 'The block is larger than a bitswap message') {
    super(message)
  }
}

/** A recording cannot be read or replayed. */
export class InvalidRecordingError extends Error {
  static name = 'InvalidRecordingError'
  name = 'InvalidRecordingError'

  constructor (message = 'The recording cannot be read') {
    super(message)
  }
}

/** An engine was called from inside its own flush, which would decide on half a state. */
export class ReentryError extends Error {
  static name = 'ReentryError'
  name = 'ReentryError'

  constructor (message = 'The engine was called from inside its own flush: carry out what a flush says when it is over') {
    super(message)
  }
}

/** The session with a peer was ended since it misbehaved. */
export class SessionResetError extends Error {
  static name = 'SessionResetError'
  name = 'SessionResetError'

  constructor (message = 'The session with the peer was ended') {
    super(message)
  }
}

/** The engine's state contradicts itself: a fault of the engine. */
export class InvariantError extends Error {
  static name = 'InvariantError'
  name = 'InvariantError'

  constructor (message = 'The state of the engine contradicts itself') {
    super(message)
  }
}
