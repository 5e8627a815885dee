/**
 * Decides which client may ask next. Clients are served by deficit round robin (Shreedhar
 * and Varghese 1995): each round brings a client the same bytes, so a client that wants
 * much does not delay one that wants little. A want-have brings no bytes, but costs as
 * much as a small block: otherwise the round of a client that asks for nothing else would
 * never end.
 *
 * A cycle is over when all clients in line have had a round. A client that joins later, or
 * has not used up its round, is served before them: however many clients want much, those
 * that want little do not wait in line, and no client has more than one round in a cycle
 * (new flows of FQ-CoDel, RFC 8290). Clients that are served first share the places that
 * members get free: one that got some goes to the end of them. Otherwise the whole rounds
 * of many clients that come at once would delay one that wants little.
 *
 * A round that full windows interrupt continues when they have capacity again, and is not
 * paid for twice. A client for which members have no capacity waits for places or for
 * bytes, and is not tried again until some is free. A client that waits for bytes keeps
 * its place in that line; clients that need no bytes may pass it.
 *
 * A flush asks the strategy for a bounded number of rankings, and the next flush
 * continues: large work is cut into slices.
 */
import { assign } from './assignment.ts'
import { expectedBytes, hasWindow, isIdle } from './clients.ts'
import { continueNow, retryWithinBudget } from './continuations.ts'
import { beginRound, canPay, endRound, pay } from './deficits.ts'
import { isOpenElsewhere } from './eligibility.ts'
import { toQueued } from './fetches.ts'
import { walkLine, walkPlaces } from './line.ts'
import { hasCapacity } from './members.ts'
import { getInLine, reconsider, isSpent, leaveRounds } from './rounds.ts'
import { takeOverOthers } from './takeovers.ts'
import type { Shortage } from './candidates.ts'
import type { Line, Walk } from './line.ts'
import type { Client, EngineMember, Fetch } from './model.ts'
import type { State } from './state.ts'

// rankings a flush
const MAX_PICKS = 2000
// backlogged fetches a flush that members consider taking over
const MAX_CONSIDERATIONS = 10_000
// exhausted fetches a flush that are reviewed, since something has changed for all of them
const MAX_REVIEWS = 1000

/**
 * Why the service of a client ended. `done`: nothing is left to ask; `spent`: the next want costs more than is left of the
 * round; `held`: the client's window is full; `backlogged`: what is left waits for certain members; `later`: this flush has
 * used up its work; a shortage: members have no capacity.
 */
type End = 'done' | 'spent' | 'held' | 'backlogged' | 'later' | Shortage

/** Asks for everything that there is capacity for: fetches that continue with another member before those that wait for a round. */
export function schedule (state: State): void {
  const { scheduler, reviews, peaks } = state
  scheduler.picks = MAX_PICKS
  scheduler.considerations = MAX_CONSIDERATIONS
  scheduler.unfinished = false

  reviews.slice(MAX_REVIEWS)
  continueNow(state)
  retryWithinBudget(state)
  wakeForMemory(state)

  if (scheduler.capacityFreed) {
    scheduler.capacityFreed = false
    serveWaiting(state)
  }

  serveReady(state)
  takeOverOthers(state)
  scheduler.unfinished ||= reviews.size > 0
  peaks.rankings = Math.max(peaks.rankings, MAX_PICKS - scheduler.picks)
}

/** Wakes clients that could ask for nothing because of what other clients had not read. */
function wakeForMemory (state: State): void {
  const { scheduler } = state

  if (!scheduler.memoryFreed) {
    return
  }

  scheduler.memoryFreed = false
  const { needMemory, needMemoryForTakeover, ready } = scheduler

  wakeThose(state, needMemory, client => { getInLine(scheduler, ready, client) })
  wakeThose(state, needMemoryForTakeover, client => { reconsider(scheduler, client) })
}

/**
 * Wakes clients as long as the first of them has a window. A client that was given something
 * meanwhile, a copy of a block that another asked for, does not wait with the others any more:
 * it gets a round when it takes that, and the clients behind it do not wait for it.
 */
function wakeThose (state: State, waiting: Line<Client> | Set<Client>, wake: (client: Client) => void): void {
  for (const client of waiting) {
    const mayAsk = hasWindow(state, client)

    if (!mayAsk && isIdle(client)) {
      return
    }

    waiting.delete(client)

    if (mayAsk) {
      wake(client)
    }
  }
}

/**
 * Serves clients that wait for capacity, after some was freed: first clients that wait
 * for bytes, then those that go before the others, then, in line, clients with a backlog
 * at a member that has capacity and clients that wait for a place at any member.
 */
function serveWaiting (state: State): void {
  const { scheduler } = state

  for (let client = scheduler.needBytes.first; client != null && !isSpent(scheduler); client = scheduler.needBytes.first) {
    if (serve(state, client, false) === 'no bytes') {
      break
    }
  }

  const first = walkLine(scheduler.needPlacesFirst)

  while (first.first != null && !awaitsPlaces(state) && !isSpent(scheduler)) {
    serveInLine(state, first.next())
  }

  const anywhere = walkLine(scheduler.needPlaces)

  for (const member of scheduler.freed) {
    serveLines(state, member, anywhere)

    if (isSpent(scheduler)) {
      break
    }

    if (scheduler.needBytes.size === 0) {
      scheduler.freed.delete(member) // otherwise fetches that need bytes were skipped, and have to be tried again
    }
  }

  while (anywhere.first != null && !awaitsPlaces(state) && !isSpent(scheduler)) {
    serveInLine(state, anywhere.next())
  }

  scheduler.capacityFreed ||= isSpent(scheduler)
}

/** Serves clients in line for one member, as long as it has capacity. */
function serveLines (state: State, member: EngineMember, anywhere: Walk<Client>): void {
  const { scheduler } = state
  const here = walkPlaces(member.backlog)

  while (hasCapacity(member, 0) && !isSpent(scheduler)) {
    if (here.first != null && here.place < anywhere.place) {
      const client = here.next()

      if (serveBacklog(state, client, member) === 'spent') {
        client.inRound = false

        if (member.backlog.delete(client)) {
          member.backlog.set(client, scheduler.nextInLine++) // to the end of the line, where this walk reaches it again
        }
      }
    } else if (anywhere.first != null) {
      serveInLine(state, anywhere.next())
    } else {
      return
    }
  }
}

/** Serves a client that waits for a place. When its round is spent it goes to the end of the line, not before those in it. */
function serveInLine (state: State, client: Client): void {
  const { scheduler } = state

  if (serve(state, client, scheduler.needBytes.size > 0) === 'spent') {
    scheduler.ready.delete(client)
    getInLine(scheduler, scheduler.needPlaces, client)
  }
}

/** Serves what one client has backlogged at one member. */
function serveBacklog (state: State, client: Client, member: EngineMember): End {
  const { scheduler } = state
  beginRound(scheduler, client)

  for (const fetch of client.backlogs.get(member) ?? []) {
    const bytes = expectedBytes(fetch.type, fetch, client, member.capacity.supportsDontHave)

    if (!hasCapacity(member, Math.min(1, bytes))) {
      return 'no places'
    }

    const end = mayAsk(state, client, fetch, scheduler.needBytes.size > 0)

    if (end === 'held') {
      toQueued(state, fetch) // so that other fetches can have its place
      continue
    }

    if (end != null) {
      return end
    }

    const result = assign(state, fetch, client)

    if (result === 'asked') {
      pay(fetch)
    } else if (result !== 'exhausted' && result !== 'not now' && !isOpenElsewhere(state, fetch, member)) {
      return result // the fetch keeps waiting
    }
  }

  return endOfWork(client)
}

/** Serves clients that have something to ask, in line. */
function serveReady (state: State): void {
  const { newToCycle, ready } = state.scheduler
  serveAll(state, newToCycle)
  // a client whose round is spent goes to the end, where this loop reaches it again
  serveAll(state, ready)
}

function serveAll (state: State, line: Line<Client>): void {
  const { scheduler } = state

  for (let client = line.first; client != null && !isSpent(scheduler); client = line.first) {
    serve(state, client, scheduler.needBytes.size > 0)
  }
}

/** Serves a client's round, and puts the client into the line in which it then waits. */
function serve (state: State, client: Client, noBytes: boolean): End {
  const { scheduler } = state
  const waiting = client.queue.size
  const end = mayBegin(state, client) ? serveQueue(state, client, noBytes) : 'no places'

  const { ready, newToCycle, needPlaces, needPlacesFirst, needBytes, needMemory } = scheduler
  const { line } = client
  const isFirst = line === newToCycle || line === needPlacesFirst

  // a client that is served first and got some places leaves the next ones to others
  const gotSome = isFirst && client.queue.size < waiting
  const stays = end === 'no places' ? line === needPlaces || (line === needPlacesFirst && !gotSome) : end === 'later' || (end === 'no bytes' && line === needBytes)

  if (stays) {
    return end
  }

  leaveRounds(state, client)
  client.inRound &&= end !== 'spent' && end !== 'done'

  if (end === 'spent') {
    getInLine(scheduler, ready, client)
  } else if (end === 'no bytes') {
    getInLine(scheduler, needBytes, client)
  } else if (end === 'no places') {
    getInLine(scheduler, isFirst ? needPlacesFirst : needPlaces, client)
  } else if (end === 'held' && isIdle(client)) {
    getInLine(scheduler, needMemory, client)
  }

  return end
}

/** Serves what a client has queued. */
function serveQueue (state: State, client: Client, noBytes: boolean): End {
  for (const { fetch } of client.queue) {
    const end = mayAsk(state, client, fetch, noBytes)

    if (end != null) {
      return end
    }

    const result = assign(state, fetch, client)

    if (result === 'asked') {
      pay(fetch)
    } else if (result !== 'exhausted' && result !== 'not now' && fetch.state === 'queued') {
      return result
    }
  }

  return endOfWork(client)
}

/** Ends the round of a client that has nothing left to ask; fetches in backlogs are still part of the round. */
function endOfWork (client: Client): End {
  if (client.backlogs.size > 0 || client.queue.size > 0) {
    return 'backlogged'
  }

  endRound(client)

  return 'done'
}

/**
 * Begins a round, if it may. While no member has a place, clients save up no rounds: clients that wait for
 * less would lose their shares.
 */
function mayBegin (state: State, client: Client): boolean {
  if (!client.inRound && client.deficit > 0 && awaitsPlaces(state)) {
    return false
  }

  beginRound(state.scheduler, client)

  return true
}

/**
 * Whether members can be asked but none has a place. If none can be asked there is nothing to wait for: every
 * fetch is exhausted at once.
 */
function awaitsPlaces ({ memberCounts }: State): boolean {
  return memberCounts.withPlace === 0 && memberCounts.askable > 0
}

/** Whether a client may ask for a fetch; if not, how its round ends. */
function mayAsk (state: State, client: Client, fetch: Fetch, noBytes: boolean): End | undefined {
  const bytes = expectedBytes(fetch.type, fetch, client)

  if (isSpent(state.scheduler)) {
    return 'later'
  }

  if (!hasWindow(state, client)) {
    return 'held'
  }

  if (bytes > 0 && noBytes) {
    return 'no bytes'
  }

  if (!canPay(client, bytes)) {
    return 'spent'
  }
}
