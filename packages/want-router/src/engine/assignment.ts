/** Chooses the member to ask for a fetch, and asks it. */
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
 * The result of `assign`. A {@link Shortage}: some member could be asked, but has no capacity now. `not now`: members
 * could be asked only on the account of other clients, whose windows are full.
 */
export type Assignment = 'asked' | 'exhausted' | 'not now' | Shortage

/**
 * Asks the best member that has capacity and charges the client. A stalled member is asked
 * only if no other is left. If no member has capacity, the fetch is backlogged at the best
 * one; a fetch that no member has answered, and that any member may serve, stays queued. If
 * the client may not use the member, the attempt is charged to another waiter that may.
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

/** Whether a fetch is restricted to some members: queued, it would hold up fetches that any member may serve. */
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
  let held = false // some member could be asked only on the account of clients whose windows are full
  let well = false // some member is up and lacks only capacity
  let short: Shortage = 'no places'

  for (let member = order.pull(); member != null; member = order.pull()) {
    // waiting for a member that is up is better than asking an ejected one, or one that the strategy avoids;
    // in panic, ejected members may come before those that are up
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
