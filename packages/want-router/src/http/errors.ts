/** An HTTP request that is invalid, or cannot be served: its `status` says which. */
export class HttpRequestError extends Error {
  static name = 'HttpRequestError'
  name = 'HttpRequestError'
  readonly status: number

  constructor (message = 'The request cannot be served', status = 400) {
    super(message)
    this.status = status
  }
}

/** No member is up, so no block can be fetched. */
export class NotReadyError extends Error {
  static name = 'NotReadyError'
  name = 'NotReadyError'

  constructor (message = 'No node can be asked at the moment') {
    super(message)
  }
}

/** A DAG is too large or too deep for one request. */
export class DagLimitError extends Error {
  static name = 'DagLimitError'
  name = 'DagLimitError'

  constructor (message = 'The DAG is too large for one request') {
    super(message)
  }
}

/** A block of a DAG has the right hash, but the codec of its CID cannot decode it. */
export class DagDecodeError extends Error {
  static name = 'DagDecodeError'
  name = 'DagDecodeError'

  constructor (message = 'A block cannot be decoded', options?: ErrorOptions) {
    super(message, options)
  }
}
