import { DrainingError, NotFoundError, StoppedError, UnknownError, WantEvictedError, WantExpiredError, WantRefusedError } from '../errors.ts'
import { DagDecodeError, DagLimitError, HttpRequestError, NotReadyError } from './errors.ts'
import { textResponse } from './responses.ts'

/** How failures are answered. */
export interface FailureOptions {
  /** The status for blocks that a policy denies. */
  readonly deniedStatus: 451 | 410
  /** s */
  readonly retryAfter: number
}

/** The status for a client that has gone, and does not read it. nginx logs the same. */
const CLIENT_CLOSED = 499

/**
 * Turns the error of a want into a response. HTTP cannot express silence: if the answer is unknown the status is 503, and
 * the client may retry. Any other error is a fault of the server, and its message is not sent.
 */
export function failureResponse (request: Pick<Request, 'method' | 'signal'>, error: unknown, { deniedStatus, retryAfter }: FailureOptions): Response {
  const { method, signal } = request
  const later = { 'retry-after': `${retryAfter}` }

  if (signal.aborted) {
    return textResponse(method, CLIENT_CLOSED, 'The request was aborted')
  }

  if (error instanceof HttpRequestError) {
    return textResponse(method, error.status, error.message)
  }

  if (error instanceof DagDecodeError) {
    return textResponse(method, 422, error.message)
  }

  if (error instanceof NotFoundError) {
    return textResponse(method, 404, error.message)
  }

  if (error instanceof WantRefusedError) {
    switch (error.reason) {
      case 'absent':
        return textResponse(method, deniedStatus, 'The block is not served here')
      case 'cid':
        return textResponse(method, 404, error.message)
      case 'unknown':
        return textResponse(method, 503, 'Whether the block is served cannot be decided now', later)
      default:
        return textResponse(method, 429, 'Too many requests', later)
    }
  }

  if (isUnknown(error)) {
    return textResponse(method, 503, error.message, later)
  }

  return textResponse(method, 500, 'Internal error')
}

function isUnknown (error: unknown): error is Error {
  return [UnknownError, WantExpiredError, WantEvictedError, DrainingError, StoppedError, NotReadyError, DagLimitError].some(known => error instanceof known)
}
