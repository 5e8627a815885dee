/** An option that cannot be meant. The message names it and says what is expected. Thrown at construction, never later. */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'

  constructor (message = 'Invalid option') {
    super(message)
  }
}

/** A range begins behind the end of its object, as one from a stale index does. */
export class OutOfRangeError extends Error {
  static name = 'OutOfRangeError'
  name = 'OutOfRangeError'

  constructor (message = 'The range begins behind the end of the object') {
    super(message)
  }
}

/** An object is not, or no longer, the version that was asked for. */
export class ObjectChangedError extends Error {
  static name = 'ObjectChangedError'
  name = 'ObjectChangedError'

  constructor (message = 'The object has changed') {
    super(message)
  }
}

/** A read would take more memory than is allowed. It was refused by the length alone. */
export class ObjectTooLargeError extends Error {
  static name = 'ObjectTooLargeError'
  name = 'ObjectTooLargeError'

  constructor (message = 'The read is larger than is allowed') {
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

/** What else is known of the failure of a store or a server. */
export interface StoreErrorInit extends ErrorOptions {
  /** The HTTP status, if there was a response. */
  readonly status?: number
  /** What the server asks to wait before another attempt, in ms. */
  readonly retryAfter?: number
}

/** A store or server failed in a way that may pass: the network, 408, 429 or 5xx. This says nothing about the object. */
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

/** A store or server refused, and asking again will not help: credentials, a redirect, a response that makes no sense. */
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

/** The name of an object is one that not every store can have: it is empty, or contains a `.` or `..` segment, a backslash or a NUL. */
export class InvalidNameError extends Error {
  static name = 'InvalidNameError'
  name = 'InvalidNameError'

  constructor (message = 'Invalid name of an object') {
    super(message)
  }
}

/** The requests that were allowed are spent. This says nothing about what was asked for. */
export class BudgetExceededError extends Error {
  static name = 'BudgetExceededError'
  name = 'BudgetExceededError'

  constructor (message = 'The budget of requests is spent') {
    super(message)
  }
}

/** Where a malformed file goes wrong. */
export interface MalformedInit extends ErrorOptions {
  /** The name of the object. */
  readonly object: string
  /** The offset in the object at which it goes wrong, in bytes. */
  readonly offset: number
}

/** A CAR cannot be read. The message says why, in which object and at which offset. */
export class MalformedCarError extends Error {
  static name = 'MalformedCarError'
  name = 'MalformedCarError'
  readonly object: string
  readonly offset: number

  constructor (reason: string, { object, offset, ...options }: MalformedInit) {
    super(`${object}, offset ${offset}: ${reason}`, options)
    this.object = object
    this.offset = offset
  }
}

/** An index cannot be read. The message says why, in which object and at which offset. */
export class MalformedIndexError extends Error {
  static name = 'MalformedIndexError'
  name = 'MalformedIndexError'
  readonly object: string
  readonly offset: number

  constructor (reason: string, { object, offset, ...options }: MalformedInit) {
    super(`${object}, offset ${offset}: ${reason}`, options)
    this.object = object
    this.offset = offset
  }
}

/** Bytes do not hash to the multihash that they were found under. */
export class HashMismatchError extends Error {
  static name = 'HashMismatchError'
  name = 'HashMismatchError'

  constructor (message = 'The bytes do not hash to the CID') {
    super(message)
  }
}

/** A block cannot be verified, since its hash function was not given. */
export class UnknownHashError extends Error {
  static name = 'UnknownHashError'
  name = 'UnknownHashError'

  constructor (message = 'The hash function is unknown') {
    super(message)
  }
}

/** An object that must be there is not: a CAR that is indexed, or an index. */
export class ObjectMissingError extends Error {
  static name = 'ObjectMissingError'
  name = 'ObjectMissingError'

  constructor (message = 'The object does not exist') {
    super(message)
  }
}

/** A block is not here: what a blockstore says in place of `undefined`. */
export class NotFoundError extends Error {
  static name = 'NotFoundError'
  name = 'NotFoundError'

  constructor (message = 'The block was not found') {
    super(message)
  }
}

/** Something was to be written where blocks can only be read. */
export class ReadOnlyError extends Error {
  static name = 'ReadOnlyError'
  name = 'ReadOnlyError'

  constructor (message = 'Blocks can only be read') {
    super(message)
  }
}
