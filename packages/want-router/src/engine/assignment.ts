/** Finding the member to ask for one fetch, and asking it. */
import { openAttempt } from './attempts.ts'
import { shortage } from './candidates.ts'
import { tellMemberClients } from './certainty.ts'
import { exhaust } from './exhaustion.ts'
import { isFresh } from './fetch.ts'
import { toBacklogged } from './fetches.ts'
import { mayBeHedged } from './hedges.ts'
import type { Shortage } from './candidates.ts'
import type { Candidates, Client, EngineMember, Fetch, State } from './model.ts'

/** What came of it; a {@link Shortage}: some member could be asked, but has no capacity now. */
export type Assignment = 'asked' | 'exhausted' | Shortage

/**
 * Asks the best member that has capacity, on that client's account; one that has
 * stalled only if no other is left. For want of capacity the fetch is backlogged
 * at the best member; one that has not begun stays queued, and may go anywhere.
 */
export function assign (state: State, fetch: Fetch, client: Client, retry = false): Assignment {
  state.scheduler.picks--
  const choice = choose(state, fetch, client)

  if (choice == null) {
    exhaust(state, fetch)
    return 'exhausted'
  }
  const { member, short } = choice
  if (short != null) {
    if (fetch.state !== 'queued' || !isFresh(fetch)) {
      toBacklogged(state, fetch, member, client)
    }
    return short
  }
  if (fetch.state === 'queued') {
    state.retryBudget.firstTry(state.now())
  }
  mayBeHedged(state, openAttempt(state, fetch, member, client, { retry }))
  tellMemberClients(state, fetch)
  return 'asked'
}

interface Choice { readonly member: EngineMember, readonly short?: Shortage }

/** The member to ask, or the best one that lacks capacity. */
function choose (state: State, fetch: Fetch, client: Client): Choice | undefined {
  const order = state.candidates.of(state, fetch)
  const choice = chooseAmong(order, state, fetch, client)
  order.close()
  return choice
}

function chooseAmong (order: Candidates, state: State, fetch: Fetch, client: Client): Choice | undefined {
  let blocked: EngineMember | undefined
  let stalled: EngineMember | undefined
  let well = false // some member is, and only lacks capacity
  let short: Shortage = 'no places'

  for (let member = order.pull(); member != null; member = order.pull()) {
    // better to wait for a member that is well than to ask one that is not, or that mostly lacks what others have;
    // where most members are ejected, those that are well may come after them
    if (well && (member.state !== 'up' || state.strategy.avoids?.(member.id) === true)) {
      continue
    }
    if (member.stalled) {
      stalled ??= member
      well ||= member.state === 'up'
      continue
    }
    const lacking = shortage(state, fetch, member, client)
    if (lacking == null) {
      return { member }
    }
    blocked ??= member
    well ||= member.state === 'up'
    short = lacking === 'no bytes' ? lacking : short
  }
  if (blocked != null) {
    return { member: blocked, short }
  }
  return stalled == null ? undefined : { member: stalled, short: shortage(state, fetch, stalled, client) }
}
