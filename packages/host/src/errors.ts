/** An option is invalid. The message names it and says what it must be. */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'
}

/** A connection was ended because its peer sent something more often than any honest peer does. The message says what. */
export class FloodError extends Error {
  static name = 'FloodError'
  name = 'FloodError'
}

/** A connection was ended because its peer sent a muxer frame that breaks the muxer's rules. */
export class BadFrameError extends Error {
  static name = 'BadFrameError'
  name = 'BadFrameError'
}

/** A socket was given to a host that does not run, or a Worker was told to dial. */
export class NotListeningError extends Error {
  static name = 'NotListeningError'
  name = 'NotListeningError'
}

/** A certificate or its key cannot be used. The message names the file. */
export class CertificateError extends Error {
  static name = 'CertificateError'
  name = 'CertificateError'
}
