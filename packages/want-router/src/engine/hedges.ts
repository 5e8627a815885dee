/**
 * Hedging of want-haves: one that is open longer than all but a few are is asked
 * of a second member, and the member that answers first settles it (Dean and
 * Barroso, The Tail at Scale, 2013). A HAVE costs nothing to say twice;
 * want-blocks are not hedged, since a second copy of a block costs what it weighs.
 *
 * A hedge has no separate timeout: if the primary attempt comes to nothing the
 * hedge takes its place, and is timed from then.
 */
import { openAttempt } from './attempts.ts'
import { isOpenElsewhere, clientToCharge } from './eligibility.ts'
import { hasCapacity } from './members.ts'
import type { Attempt, EngineMember } from './model.ts'
import type { State } from './state.ts'

/** When the oldest want-have that may be hedged is. */
export function nextHedge (state: State): number {
  const [attempt] = state.hedgeable
  const { value } = state.haveDelay

  return attempt == null || value == null ? Infinity : attempt.startedAt + Math.max(state.limits.minHedge, value)
}

/** A want-have has been asked of one member: it may be hedged in its time. */
export function mayBeHedged ({ members, limits, hedgeable }: State, attempt: Attempt): void {
  if (attempt.type === 'have' && members.size > 1 && limits.hedgeShare > 0) {
    hedgeable.add(attempt)
  }
}

/** Hedges what has been open for too long, within the budget that retries have, at most `most`; returns how many are left of that. */
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
