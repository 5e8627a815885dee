import { NotFoundError, WantEvictedError, WantExpiredError, WantRefusedError } from '../errors.ts'
import type { WantEnd } from '../engine/status.ts'
import type { RefusalReason } from '../errors.ts'

/** What is known about a want that has ended. */
export interface EndedWant extends Pick<WantEnd, 'outcome' | 'ms'> {
  /** The verdict of the policy that refused it. */
  readonly verdict?: RefusalReason
}

/**
 * The error for a call whose want ended without its block; undefined: the call needs none, since the block is
 * delivered or the want was cancelled.
 *
 * @param end - if the want had a HAVE, only its age tells whether it expired or was evicted
 * @param cid - for the message
 * @param wantLifetime - ms
 */
export function wantError (end: EndedWant, cid: string, wantLifetime: number): Error | undefined {
  if (end.verdict != null) {
    return new WantRefusedError(`A policy refuses ${cid}: ${end.verdict}`, end.verdict)
  }

  switch (end.outcome) {
    case 'block':
    case 'cancelled':
    case 'gone':
      return
    case 'dont-have':
      return new NotFoundError(`No member has ${cid}`)
    case 'refused':
      return new WantRefusedError(`The client has too many wants to add ${cid}`, 'limit')
    case 'evicted':
      return new WantEvictedError(`${cid} was evicted for another want of its client`)
    case 'expired':
      return new WantExpiredError(`No member served ${cid} in ${wantLifetime} ms, but not every member is certain not to have it`)
    default:
      return end.ms >= wantLifetime
        ? new WantExpiredError(`A member has ${cid}, but did not send it in ${wantLifetime} ms`)
        : new WantEvictedError(`${cid} was evicted for another want of its client`)
  }
}
