/** A request asks for something that is refused: the message says what, and what is expected. Answered with 400. */
export class RefsQueryError extends Error {
  static name = 'RefsQueryError'
  name = 'RefsQueryError'

  constructor (message = 'The query is invalid') {
    super(message)
  }
}

/** The refs of a member gave no usable answer, or its answer ended with an error. */
export class MemberRefsError extends Error {
  static name = 'MemberRefsError'
  name = 'MemberRefsError'

  constructor (message = 'The member gave no usable answer') {
    super(message)
  }
}

/** No member is up that could be asked. Answered with 503. */
export class NoMemberError extends Error {
  static name = 'NoMemberError'
  name = 'NoMemberError'

  constructor (message = 'No node is up that could take the data: try again later') {
    super(message)
  }
}

/** No block and no line has come for so long that the request is given up. */
export class NoProgressError extends Error {
  static name = 'NoProgressError'
  name = 'NoProgressError'

  constructor (message = 'There was no progress for too long') {
    super(message)
  }
}

/** The request has exceeded a limit of time, blocks, bytes, links or depth. */
export class BudgetError extends Error {
  static name = 'BudgetError'
  name = 'BudgetError'

  constructor (message = 'The request took more than it may') {
    super(message)
  }
}

/** There are too many requests and the queue is full, or a client has sent as much as it may for now. Answered with 429. */
export class TooManyRequestsError extends Error {
  static name = 'TooManyRequestsError'
  name = 'TooManyRequestsError'
  /** When to come back, s. */
  readonly retryAfter: number

  constructor (message = 'There are too many requests: try again later', { retryAfter = 10 }: { readonly retryAfter?: number } = {}) {
    super(message)
    this.retryAfter = retryAfter
  }
}

/** An invalid option. Thrown at construction. */
export class InvalidOptionError extends Error {
  static name = 'InvalidOptionError'
  name = 'InvalidOptionError'

  constructor (message = 'Invalid option') {
    super(message)
  }
}

/** No preload node has got all of a DAG. */
export class PreloadError extends Error {
  static name = 'PreloadError'
  name = 'PreloadError'
  /** The most blocks that one node is known to have. */
  readonly safe: number
  /** Blocks of the DAG, as far as they are here. */
  readonly total: number

  constructor (message = 'No preload node has got all of it', { safe = 0, total = 0, cause }: { readonly safe?: number, readonly total?: number, readonly cause?: unknown } = {}) {
    super(message, { cause })
    this.safe = safe
    this.total = total
  }
}
