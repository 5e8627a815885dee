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

/** No member is up: nothing is known of any block, and none can be fetched. */
export class NotReadyError extends Error {
  static name = 'NotReadyError'
  name = 'NotReadyError'

  constructor (message = 'No node can be asked at the moment') {
    super(message)
  }
}

/** A DAG is larger or deeper than is walked for one request. */
export class DagLimitError extends Error {
  static name = 'DagLimitError'
  name = 'DagLimitError'

  constructor (message = 'The DAG is larger than is walked for one request') {
    super(message)
  }
}

/** A block of a DAG is not what its CID says: the bytes are those of the CID, and its codec cannot decode them. */
export class DagDecodeError extends Error {
  static name = 'DagDecodeError'
  name = 'DagDecodeError'

  constructor (message = 'A block cannot be decoded', options?: ErrorOptions) {
    super(message, options)
  }
}
