/**
 * The body of a frame is not a bitswap message: the bytes end too early, a
 * varint is overlong, or a field has the wrong wire type. The whole body is discarded.
 */
export class InvalidMessageError extends Error {
  static name = 'InvalidMessageError'
  name = 'InvalidMessageError'

  constructor (message = 'Not a bitswap message') {
    super(message)
  }
}

/**
 * The length before a frame is not a varint that this protocol allows: it is longer
 * than nine bytes or not minimally encoded.
 */
export class InvalidFrameError extends Error {
  static name = 'InvalidFrameError'
  name = 'InvalidFrameError'

  constructor (message = 'The length of the frame is not a valid varint') {
    super(message)
  }
}

/**
 * A frame is longer than its limit. The decoder throws it before it buffers the
 * body, the encoder before it allocates anything.
 */
export class FrameTooLargeError extends Error {
  static name = 'FrameTooLargeError'
  name = 'FrameTooLargeError'

  constructor (message = 'The frame is longer than its limit') {
    super(message)
  }
}

/**
 * A block's prefix is not four varints that describe a CID, or the digest is
 * shorter than the prefix says.
 */
export class InvalidPrefixError extends Error {
  static name = 'InvalidPrefixError'
  name = 'InvalidPrefixError'

  constructor (message = 'Not the prefix of a block') {
    super(message)
  }
}

/**
 * The given bytes are not a CID
 */
export class InvalidCIDError extends Error {
  static name = 'InvalidCIDError'
  name = 'InvalidCIDError'

  constructor (message = 'Not the bytes of a CID') {
    super(message)
  }
}

/**
 * The given id is not one of bitswap's protocol ids
 */
export class UnknownProtocolError extends Error {
  static name = 'UnknownProtocolError'
  name = 'UnknownProtocolError'

  constructor (message = 'Not a bitswap protocol') {
    super(message)
  }
}
