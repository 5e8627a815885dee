/** Finding the member to ask for one fetch, and asking it. */
import { openAttempt } from './attempts.ts'
import { shortage } from './candidates.ts'
import { tellCertain } from './certainty.ts'
import { clientToCharge } from './eligibility.ts'
import { exhaust } from './exhaustion.ts'
import { isFresh } from './fetch.ts'
import { toBacklogged, toQueued } from './fetches.ts'
import { mayBeHedged } from './hedges.ts'
import { passOverUncharged } from './passed-over.ts'
import type { Shortage } from './candidates.ts'
import type { Client, EngineMember, Fetch } from './model.ts'
import type { Candidates, State } from './state.ts'

/**
 * What came of it; a {@link Shortage}: some member could be asked, but has no capacity now; `not now`: only on the account
 * of another client, whose window is full.
 */
export type Assignment = 'asked' | 'exhausted' | 'not now' | Shortage

/**
 * Asks the best member that has capacity, on that client's account; one that has
 * stalled only if no other is left. If no member has capacity, the fetch is backlogged
 * at the best member; one that has not begun stays queued if it may go anywhere.
 * Where that client may not use the member, the attempt is charged to another waiter that may.
 */
export function assign (state: State, fetch: Fetch, client: Client, retry = false): Assignment {
  state.scheduler.picks--
  const choice = choose(state, fetch, client)

  if (choice == null) {
    exhaust(state, fetch)

    return 'exhausted'
  }

  if (choice === 'not now') {
    if (fetch.state !== 'queued') {
      toQueued(state, fetch)
    }

    return choice
  }

  const { member, charged, short } = choice

  if (short != null) {
    if (fetch.state !== 'queued' || !isFresh(fetch) || isBound(state, fetch)) {
      toBacklogged(state, fetch, member, charged)

      if (fetch.restricted > 0 && fetch.backlog != null) {
        passOverUncharged(state, fetch.backlog)
      }
    }

    return short
  }

  if (fetch.state === 'queued') {
    state.retryBudget.firstTry(state.now())
  }

  mayBeHedged(state, openAttempt(state, fetch, member, charged, { retry }))
  tellCertain(state, fetch)

  return 'asked'
}

/** It is restricted to some members: in a queue it would hold up fetches that may go anywhere. */
function isBound ({ fetches }: State, { restricted, key }: Fetch): boolean {
  return restricted > 0 || (fetches.strict.size > 0 && fetches.strict.has(key))
}

interface Choice { readonly member: EngineMember, readonly charged: Client, readonly short?: Shortage }

/** The member to ask, or the best one that has no capacity. */
function choose (state: State, fetch: Fetch, client: Client): Choice | 'not now' | undefined {
  const order = state.candidates.of(state, fetch)
  const choice = chooseAmong(order, state, fetch, client)
  order.close()

  return choice
}

function chooseAmong (order: Candidates, state: State, fetch: Fetch, client: Client): Choice | 'not now' | undefined {
  let blocked: EngineMember | undefined
  let stalled: EngineMember | undefined
  let held = false // some member could be asked for a client whose window is full
  let well = false // some member works, and only has no capacity
  let short: Shortage = 'no places'

  for (let member = order.pull(); member != null; member = order.pull()) {
    // better to wait for a member that works than to ask one that does not, or that misses what others have;
    // where most members are ejected, those that work may come after them
    if (well && (member.state !== 'up' || state.strategy.avoids?.(member.id, fetch) === true)) {
      continue
    }

    const charged = clientToCharge(state, fetch, member, client)

    if (charged == null) {
      held = true
      continue
    }

    if (member.stalled) {
      stalled ??= member
      well ||= member.state === 'up'
      continue
    }

    const missing = shortage(state, fetch, member, charged)

    if (missing == null) {
      return { member, charged }
    }

    blocked ??= member
    well ||= member.state === 'up'
    short = missing === 'no bytes' ? missing : short
  }

  if (blocked != null) {
    return { member: blocked, charged: clientToCharge(state, fetch, blocked, client) ?? client, short }
  }

  if (stalled != null) {
    const charged = clientToCharge(state, fetch, stalled, client) ?? client

    return { member: stalled, charged, short: shortage(state, fetch, stalled, charged) }
  }

  return held ? 'not now' : undefined
}
