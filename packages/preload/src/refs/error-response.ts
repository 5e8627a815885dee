import { BudgetError, NoMemberError, NoProgressError, RefsQueryError, TooManyRequestsError } from '../errors.ts'
import { failureResponse } from './http.ts'

/** When to come back, s. */
const RETRY_AFTER = { 'retry-after': '10' }

/** The answer to a request that failed before its first line. */
export function errorResponse (err: unknown): Response {
  const message = err instanceof Error ? err.message : String(err)

  if (err instanceof RefsQueryError) {
    return failureResponse(400, message)
  }

  if (err instanceof TooManyRequestsError) {
    return failureResponse(429, message, { 'retry-after': `${err.retryAfter}` })
  }

  if (err instanceof NoMemberError) {
    return failureResponse(503, message, RETRY_AFTER)
  }

  if (err instanceof BudgetError) {
    return failureResponse(413, message)
  }

  return err instanceof NoProgressError ? failureResponse(504, message) : failureResponse(502, message)
}

/** The answer to a request while those that are open finish. */
export function drainingResponse (): Response {
  return failureResponse(503, 'this node is about to stop: try another one', RETRY_AFTER)
}
