/**
 * The body of a frame is not a bitswap message: the bytes end too early, a
 * varint is overlong, or a field has the wrong wire type. Nothing of it is used.
 */
export class InvalidMessageError extends Error {
  static name = 'InvalidMessageError'
  name = 'InvalidMessageError'

  constructor (message = 'Not a bitswap message') {
    super(message)
  }
}

/**
 * The length before a frame is not a varint that this protocol allows: longer
 * than nine bytes, or not minimally encoded.
 */
export class InvalidFrameError extends Error {
  static name = 'InvalidFrameError'
  name = 'InvalidFrameError'

  constructor (message = 'The length of the frame is not a valid varint') {
    super(message)
  }
}

/**
 * A frame is longer than its limit. When decoding it is thrown before the body
 * is buffered, when encoding before anything is allocated.
 */
export class FrameTooLargeError extends Error {
  static name = 'FrameTooLargeError'
  name = 'FrameTooLargeError'

  constructor (message = 'The frame is longer than its limit') {
    super(message)
  }
}

/**
 * A block's prefix is not four varints that describe a CID, or the digest that
 * it came with is shorter than it says.
 */
export class InvalidPrefixError extends Error {
  static name = 'InvalidPrefixError'
  name = 'InvalidPrefixError'

  constructor (message = 'Not the prefix of a block') {
    super(message)
  }
}

/**
 * Bytes that were to be a CID are not one
 */
export class InvalidCIDError extends Error {
  static name = 'InvalidCIDError'
  name = 'InvalidCIDError'

  constructor (message = 'Not the bytes of a CID') {
    super(message)
  }
}

/**
 * A protocol id that is none of bitswap's
 */
export class UnknownProtocolError extends Error {
  static name = 'UnknownProtocolError'
  name = 'UnknownProtocolError'

  constructor (message = 'Not a bitswap protocol') {
    super(message)
  }
}
