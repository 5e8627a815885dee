export { KuboRpcError } from '@kitsune/kubo-rpc'

/**
 * An invalid option: the message names the option, says what was
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

/** All members are certain that they do not have the block. */
export class NotFoundError extends Error {
  static name = 'NotFoundError'
  name = 'NotFoundError'

  constructor (message = 'No member has the block') {
    super(message)
  }
}

/** A want of this process was given up for another of its wants: its client had as many as a client may have. */
export class WantEvictedError extends Error {
  static name = 'WantEvictedError'
  name = 'WantEvictedError'

  constructor (message = 'The want was given up for another') {
    super(message)
  }
}

/** No member served a want of this process in its lifetime, and not all were certain that they do not have the block. */
export class WantExpiredError extends Error {
  static name = 'WantExpiredError'
  name = 'WantExpiredError'

  constructor (message = 'No member served the want in its lifetime') {
    super(message)
  }
}

/**
 * Why a want of this process was refused: its CID is longer than 168 bytes, or its hash function cannot be verified
 * (`cid`); its client has too many wants (`limit`); or the verdict of a policy.
 */
export type RefusalReason = 'cid' | 'limit' | 'silent' | 'unknown' | 'absent' | 'close'

/** A want of this process was refused, and no member asked for it. */
export class WantRefusedError extends Error {
  static name = 'WantRefusedError'
  name = 'WantRefusedError'
  readonly reason: RefusalReason

  constructor (message = 'The want was refused', reason: RefusalReason = 'limit') {
    super(message)
    this.reason = reason
  }
}

/** The router drains: it takes no new wants. */
export class DrainingError extends Error {
  static name = 'DrainingError'
  name = 'DrainingError'

  constructor (message = 'The router drains, and takes no new wants') {
    super(message)
  }
}

/** The router has stopped, and with it all that was wanted of it. */
export class StoppedError extends Error {
  static name = 'StoppedError'
  name = 'StoppedError'

  constructor (message = 'The router has stopped') {
    super(message)
  }
}

/** A write to something that is read-only. */
export class ReadOnlyError extends Error {
  static name = 'ReadOnlyError'
  name = 'ReadOnlyError'

  constructor (message = 'A router only reads') {
    super(message)
  }
}

/** It is not known whether any member has a block. */
export class UnknownError extends Error {
  static name = 'UnknownError'
  name = 'UnknownError'

  constructor (message = 'It is not known whether any member has the block') {
    super(message)
  }
}

/** A block source does not do what it should: its `getMany` leaves out what it was asked for, or yields what it was not. */
export class SourceError extends Error {
  static name = 'SourceError'
  name = 'SourceError'

  constructor (message = 'A block source does not do what it should', options?: ErrorOptions) {
    super(message, options)
  }
}

/** A policy answered with something that is not a verdict. */
export class PolicyVerdictError extends Error {
  static name = 'PolicyVerdictError'
  name = 'PolicyVerdictError'

  constructor (message = 'The answer of the policy is not a verdict') {
    super(message)
  }
}

/** A policy did not resolve in time what it had deferred. */
export class PolicyTimeoutError extends Error {
  static name = 'PolicyTimeoutError'
  name = 'PolicyTimeoutError'

  constructor (message = 'The policy did not resolve in time') {
    super(message)
  }
}

/** A denylist is not in a format that is known. */
export class DenylistFormatError extends Error {
  static name = 'DenylistFormatError'
  name = 'DenylistFormatError'

  constructor (message = 'The denylist is not in the compact denylist format', options?: ErrorOptions) {
    super(message, options)
  }
}

/** An access list cannot be read, or has lines that are not rules. */
export class AccessListError extends Error {
  static name = 'AccessListError'
  name = 'AccessListError'

  constructor (message = 'The access list cannot be read', options?: ErrorOptions) {
    super(message, options)
  }
}

/** A denylist could not be read, or not all of it: what was read before stays in force. */
export class DenylistUnavailableError extends Error {
  static name = 'DenylistUnavailableError'
  name = 'DenylistUnavailableError'

  constructor (message = 'The denylist cannot be read', options?: ErrorOptions) {
    super(message, options)
  }
}
