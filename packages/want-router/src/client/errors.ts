/** A client got no block: the peer does not have it, sent something that cannot be verified, or is gone. */
export class FetchFailedError extends Error {
  static name = 'FetchFailedError'
  name = 'FetchFailedError'

  constructor (message = 'The block could not be fetched', options?: ErrorOptions) {
    super(message, options)
  }
}
