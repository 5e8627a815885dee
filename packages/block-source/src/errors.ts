/** An option is invalid. The message names the option and says what is expected. Thrown at construction, never later. */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'

  constructor (message = 'Invalid option') {
    super(message)
  }
}

/** A range begins beyond the end of its object, for example because an index is stale. */
export class OutOfRangeError extends Error {
  static name = 'OutOfRangeError'
  name = 'OutOfRangeError'

  constructor (message = 'The range begins beyond the end of the object') {
    super(message)
  }
}

/** An object is not, or no longer, the requested version. */
export class ObjectChangedError extends Error {
  static name = 'ObjectChangedError'
  name = 'ObjectChangedError'

  constructor (message = 'The object has changed') {
    super(message)
  }
}

/** A read would take more memory than allowed. It was refused because of its length, before reading. */
export class ObjectTooLargeError extends Error {
  static name = 'ObjectTooLargeError'
  name = 'ObjectTooLargeError'

  constructor (message = 'The read is larger than allowed') {
    super(message)
  }
}

/** Fewer bytes arrived than were announced. */
export class TruncatedError extends Error {
  static name = 'TruncatedError'
  name = 'TruncatedError'

  constructor (message = 'Fewer bytes arrived than were announced') {
    super(message)
  }
}

/** Details of a failure of a store or a server. */
export interface StoreErrorInit extends ErrorOptions {
  /** The HTTP status, if there was a response. */
  readonly status?: number
  /** What the server asks to wait before another attempt, in ms. */
  readonly retryAfter?: number
}

/** A store or server failed temporarily: the network, 408, 429 or 5xx. This says nothing about the object. */
export class StoreUnavailableError extends Error {
  static name = 'StoreUnavailableError'
  name = 'StoreUnavailableError'
  /** The HTTP status, if there was a response. */
  readonly status?: number
  /** What the server asks to wait before another attempt, in ms. */
  readonly retryAfter?: number

  constructor (message = 'The store is unavailable', { status, retryAfter, ...options }: StoreErrorInit = {}) {
    super(message, options)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** A store or server refused, and a retry will not help: wrong credentials, a redirect, an invalid response. */
export class StoreRefusedError extends Error {
  static name = 'StoreRefusedError'
  name = 'StoreRefusedError'
  /** The HTTP status, if there was a response. */
  readonly status?: number

  constructor (message = 'The store refused', { status, ...options }: StoreErrorInit = {}) {
    super(message, options)
    this.status = status
  }
}

/** The name of an object is not valid in every store: it is empty, or contains a `.` or `..` segment, a backslash or a NUL. */
export class InvalidNameError extends Error {
  static name = 'InvalidNameError'
  name = 'InvalidNameError'

  constructor (message = 'Invalid name of an object') {
    super(message)
  }
}

/** All allowed requests are spent. This says nothing about the object or block. */
export class BudgetExceededError extends Error {
  static name = 'BudgetExceededError'
  name = 'BudgetExceededError'

  constructor (message = 'The budget of requests is spent') {
    super(message)
  }
}

/** The position of a fault in a file. */
export interface MalformedInit extends ErrorOptions {
  /** The name of the object. */
  readonly object: string
  /** The offset of the fault in the object, in bytes. */
  readonly offset: number
}

/** A file cannot be read. The message says why, in which object and at which offset. */
export abstract class MalformedError extends Error {
  readonly object: string
  readonly offset: number

  constructor (reason: string, { object, offset, ...options }: MalformedInit) {
    super(`${object}, offset ${offset}: ${reason}`, options)
    this.object = object
    this.offset = offset
  }
}

/** A CAR cannot be read. */
export class MalformedCarError extends MalformedError {
  static name = 'MalformedCarError'
  name = 'MalformedCarError'
}

/** An index cannot be read. */
export class MalformedIndexError extends MalformedError {
  static name = 'MalformedIndexError'
  name = 'MalformedIndexError'
}

/** Another version of this package wrote the file, which is not damaged. The message says what to do. */
export class FormatVersionError extends Error {
  static name = 'FormatVersionError'
  name = 'FormatVersionError'

  constructor (message = 'The file was written by another version of this package') {
    super(message)
  }
}

/** Bytes do not hash to the multihash under which they were found. */
export class HashMismatchError extends Error {
  static name = 'HashMismatchError'
  name = 'HashMismatchError'

  constructor (message = 'The bytes do not hash to the CID') {
    super(message)
  }
}

/** A block cannot be verified because its hash function was not given. */
export class UnknownHashError extends Error {
  static name = 'UnknownHashError'
  name = 'UnknownHashError'

  constructor (message = 'The hash function is unknown') {
    super(message)
  }
}

/** An object that must exist does not: a CAR that is indexed, or an index. */
export class ObjectMissingError extends Error {
  static name = 'ObjectMissingError'
  name = 'ObjectMissingError'

  constructor (message = 'The object does not exist') {
    super(message)
  }
}

/** A blockstore does not have a block: it throws this instead of returning `undefined`. */
export class NotFoundError extends Error {
  static name = 'NotFoundError'
  name = 'NotFoundError'

  constructor (message = 'The block was not found') {
    super(message)
  }
}

/** A write to a blockstore that is read-only. */
export class ReadOnlyError extends Error {
  static name = 'ReadOnlyError'
  name = 'ReadOnlyError'

  constructor (message = 'Blocks can only be read') {
    super(message)
  }
}
