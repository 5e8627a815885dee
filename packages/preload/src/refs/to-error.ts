import { MemberRefsError } from '../errors.ts'

/** What was thrown or given as a reason, as an error. */
export function toError (reason: unknown): Error {
  return reason instanceof Error ? reason : new MemberRefsError(String(reason))
}
