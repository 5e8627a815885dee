import { NotFoundError, WantEvictedError, WantExpiredError, WantRefusedError } from '../errors.ts'
import type { WantEnd } from '../engine/status.ts'
import type { RefusalReason } from '../errors.ts'

/** What is known of a want that has ended. */
export interface EndedWant extends Pick<WantEnd, 'outcome' | 'ms'> {
  /** How a policy refused it. */
  readonly verdict?: RefusalReason
}

/**
 * What a get is told of a want that ended without its block; undefined where that is told otherwise: a block is
 * delivered, and what was cancelled is no longer waited for.
 *
 * @param end - a want that had a HAVE does not say why it ended, but how long it lived
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
      return new WantRefusedError(`The client has too many wants to want ${cid}`, 'limit')
    case 'evicted':
      return new WantEvictedError(`${cid} was given up for another want of its client`)
    case 'expired':
      return new WantExpiredError(`No member served ${cid} in ${wantLifetime} ms, and not every member is certain not to have it`)
    default:
      return end.ms >= wantLifetime
        ? new WantExpiredError(`A member has ${cid}, and did not send it in ${wantLifetime} ms`)
        : new WantEvictedError(`${cid} was given up for another want of its client`)
  }
}
