/**
 * Hedging of want-haves: a want-have that is open for longer than most is sent to a
 * second member, and the first answer counts (Dean and Barroso, The Tail at Scale, 2013).
 * A second HAVE costs next to nothing; want-blocks are not hedged, since a second block
 * costs its size.
 *
 * A hedge has no timeout of its own: if the primary attempt ends without success, the
 * hedge becomes the primary attempt, and its timeout starts then.
 */
import { openAttempt } from './attempts.ts'
import { isOpenElsewhere, clientToCharge } from './eligibility.ts'
import { hasCapacity } from './members.ts'
import type { Attempt, EngineMember } from './model.ts'
import type { State } from './state.ts'

/** When the oldest hedgeable want-have is due to be hedged, ms; Infinity: never. */
export function nextHedge (state: State): number {
  const [attempt] = state.hedgeable
  const { value } = state.haveDelay

  return attempt == null || value == null ? Infinity : attempt.startedAt + Math.max(state.limits.minHedge, value)
}

/** Makes a want-have hedgeable that was just sent to its first member. */
export function mayBeHedged ({ members, limits, hedgeable }: State, attempt: Attempt): void {
  if (attempt.type === 'have' && members.size > 1 && limits.hedgeShare > 0) {
    hedgeable.add(attempt)
  }
}

/** Hedges want-haves that have been open for too long, at most `most` and within the retry budget; returns what is left of `most`. */
export function openHedges (state: State, most: number): number {
  let left = most

  for (; left > 0 && nextHedge(state) <= state.now(); left--) {
    const [attempt] = state.hedgeable
    state.hedgeable.delete(attempt)
    state.haveDelay.exceeded()
    hedge(state, attempt)
  }

  return left
}

function hedge (state: State, attempt: Attempt): void {
  const member = secondMember(state, attempt)

  if (member != null && state.retryBudget.spend(state.now())) {
    const { fetch, client } = attempt
    state.totals.hedges++
    attempt.hedged = true
    openAttempt(state, fetch, member, clientToCharge(state, fetch, member, client) ?? client, { hedge: true })
  }
}

function secondMember (state: State, attempt: Attempt): EngineMember | undefined {
  const order = state.candidates.of(state, attempt.fetch)
  let member = order.pull()

  while (member != null && (member === attempt.member || !mayHedge(state, attempt, member))) {
    member = order.pull()
  }

  order.close()

  return member
}

function mayHedge (state: State, { fetch, client }: Attempt, member: EngineMember): boolean {
  return clientToCharge(state, fetch, member, client) != null && !isOpenElsewhere(state, fetch, member) && member.state === 'up' && !member.stalled && hasCapacity(member, 0) && state.strategy.avoids?.(member.id, fetch) !== true
}
