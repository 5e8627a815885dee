import { DrainingError, NotFoundError, StoppedError, UnknownError, WantEvictedError, WantExpiredError, WantRefusedError } from '../errors.ts'
import { DagDecodeError, DagLimitError, HttpRequestError, NotReadyError } from './errors.ts'
import { textResponse } from './responses.ts'

/** How failures are told. */
export interface FailureOptions {
  /** The status of what a policy denies. */
  readonly deniedStatus: 451 | 410
  /** s */
  readonly retryAfter: number
}

/** The client has gone, and does not read the status. It is what nginx logs. */
const CLIENT_CLOSED = 499

/**
 * The end of a want as an HTTP status. HTTP has no silence: if the answer is not known it is 503, and the client may come back.
 * An error that is none of a want's is a fault of ours, and its words are not for others.
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
        return textResponse(method, 503, 'It cannot be decided now whether the block is served', later)
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
