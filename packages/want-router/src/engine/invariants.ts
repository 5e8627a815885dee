/**
 * The invariants of an engine's state between two calls: each total equals the sum of its
 * parts, each fetch is in exactly the sets that its state names, links point both ways,
 * and nothing refers to what is gone. For tests: checking walks the whole state.
 */
import { InvariantError } from '../errors.ts'
import { findAnswer } from './answer-list.ts'
import { isOwed, mayUse, waiters } from './fetch.ts'
import { fetchName } from './fetches.ts'
import { isAskable, isHealthy } from './members.ts'
import { clientDue, memberDue } from './timeouts.ts'
import type { InLine, Line } from './line.ts'
import type { Attempt, Client, ClientWant, EngineMember, Fetch, FetchState } from './model.ts'
import type { State } from './state.ts'

/** @throws {InvariantError} an invariant does not hold; the message names it */
export function checkInvariants (state: State): void {
  for (const fetch of state.fetches.all.values()) {
    checkFetch(state, fetch)
  }

  const accounts = sumAccounts(state)

  for (const client of state.clients.values()) {
    checkClient(state, client, accounts.get(client))
  }

  for (const member of state.members.values()) {
    checkMember(state, member)
  }

  equal('whether members that left still count', state.departed.size > 0, state.departedUntil != null)
  checkSums(state)
  checkSets(state)
  checkParked(state)
}

const SOUGHT: ReadonlySet<FetchState> = new Set<FetchState>(['queued', 'backlogged', 'retrying'])

function checkFetch (state: State, fetch: Fetch): void {
  const name = `the ${fetch.state} fetch of ${fetch.client}`
  let count = 0

  for (const want of waiters(fetch)) {
    count++
    hold(want.fetch === fetch && want.key === fetch.key, `a want of another fetch waits for ${name}`)
    hold(state.clients.get(want.client.id) === want.client && want.client.wants.has(want), `a want that is gone waits for ${name}`)
    equal(`whether ${name} is in the queue of ${want.client.id}`, want.client.queue.has(want), fetch.state === 'queued' && isOwed(want))
  }

  equal(`waiters of ${name}`, fetch.waiterCount, count)
  equal(`restricted waiters of ${name}`, fetch.restricted, sum(waiters(fetch), ({ only }) => only == null ? 0 : 1))

  for (const { only } of waiters(fetch)) {
    equal(`whether a waiter of ${name} is strict`, only?.strict === true, fetch.strict != null)
    hold(fetch.strict == null || fetch.strict.id === only?.id, `${name} has a strict waiter of other members`)
  }

  equal(`whether ${name} is among the strict ones`, state.fetches.strict.get(fetch.key)?.has(fetch) === true, fetch.strict != null)
  hold(count > 0, `${name} has no waiter`)
  hold(!SOUGHT.has(fetch.state) || [...waiters(fetch)].some(isOwed), `members are asked for ${name}, which owes no waiter anything`)
  checkPlace(state, fetch, name)
  checkAttempts(state, fetch, name)
}

/** A fetch is in exactly the sets that its state names. */
function checkPlace ({ fetches, clients }: State, fetch: Fetch, name: string): void {
  const { state, backlog, askAgain } = fetch
  equal(`sets in which ${name} is retrying`, Number(fetches.continuing.has(fetch)) + Number(fetches.delayed.has(fetch)), state === 'retrying' ? 1 : 0)
  equal(`whether ${name} is among the exhausted ones`, fetches.exhausted.has(fetch), state === 'exhausted')
  equal(`whether ${name} is backlogged`, backlog != null, state === 'backlogged')
  hold(askAgain == null || state === 'exhausted', `${name} is to be asked again`)
  hold(fetch.order == null || (state !== 'exhausted' && state !== 'satisfied'), `${name} remembers an order of members`)

  if (backlog != null) {
    const { member, client } = backlog
    hold(backlog.fetch === fetch, `${name} has a place in line of another`)
    hold(client.backlogs.get(member)?.has(fetch) === true && member.backlog.has(client), `${name} waits at ${member.id}, which does not know`)
    hold(isAskable(member), `${name} waits at ${member.id}, which is down or drains`)
    hold(mayCharge(fetch, member, client), `${name} waits at ${member.id} for ${client.id}, which may not use it`)
  }

  if (askAgain != null) {
    hold(clients.get(askAgain.client.id) === askAgain.client, `${name} is asked again for ${askAgain.client.id}, which is gone`)
  }
}

/** Whether a client may be charged for an attempt at a member: one of its wants may use the member. */
function mayCharge (fetch: Fetch, member: EngineMember, client: Client): boolean {
  return [...waiters(fetch)].some(want => want.client === client && mayUse(want, member))
}

function checkAttempts (state: State, fetch: Fetch, name: string): void {
  const { primary, hedge } = fetch
  equal(`whether ${name} has an attempt`, primary != null, fetch.state === 'open')
  hold(hedge == null || (primary != null && hedge.member !== primary.member), `${name} has a hedge beside no attempt`)

  for (const attempt of [primary, hedge]) {
    if (attempt != null) {
      const { client, member } = attempt
      hold(attempt.fetch === fetch, `${name} has an attempt of another`)
      hold(state.clients.get(client.id) === client, `${name} is charged to ${client.id}, which is gone`)
      hold(state.members.get(member.id) === member, `${name} is open at ${member.id}, which was removed`)
      hold(mayCharge(fetch, member, client), `${name} is charged to ${client.id}, which may not use ${member.id}`)
      hold(attempt === primary ? attempt.line === member.open : member.hedges.has(attempt), `${name} is not open at ${member.id}`)
      hold(!member.standing.has(fetch.key), `${name} is both open and standing at ${member.id}`)
    }
  }
}

/** What the fetches charge to a client. */
interface Account { readonly open: Attempt[], askAgain: number }

function sumAccounts (state: State): Map<Client, Account> {
  const accounts = new Map<Client, Account>()

  const of = (client: Client): Account => {
    const account = accounts.get(client) ?? { open: [], askAgain: 0 }
    accounts.set(client, account)

    return account
  }

  for (const { primary, hedge, askAgain } of state.fetches.all.values()) {
    for (const attempt of [primary, hedge]) {
      if (attempt != null) {
        of(attempt.client).open.push(attempt)
      }
    }

    if (askAgain != null) {
      of(askAgain.client).askAgain++
    }
  }

  return accounts
}

function checkClient (state: State, client: Client, { open, askAgain }: Account = { open: [], askAgain: 0 }): void {
  const { id } = client
  equal(`bytes in flight for ${id}`, client.inFlight, sum(open, attempt => attempt.reservedBytes))
  equal(`bytes of ${id} at stalled members`, client.stalledBytes, sum(open, attempt => attempt.member.stalled ? attempt.reservedBytes : 0))
  equal(`attempts open for ${id}`, sum(client.openAt.values(), count => count), open.length)
  equal(`fetches to be asked again for ${id}`, client.askAgain?.size ?? 0, askAgain)
  equal(`wants of ${id} by multihash`, sum(client.wantsByKey.values(), siblings), client.wants.size)
  hold(client.wants.size <= state.limits.wantsPerClient, `${id} has ${client.wants.size} wants`)
  hold(client.suspended.size <= state.limits.wantsPerClient, `${id} has ${client.suspended.size} suspended wants`)

  for (const want of client.queue) {
    hold(client.wants.has(want), `the queue of ${id} has a want that is gone`)
  }

  for (const [member, fetches] of client.backlogs) {
    for (const { backlog } of fetches) {
      hold(backlog?.client === client && backlog.member === member, `${id} keeps a fetch waiting at ${member.id} that does not wait there`)
    }
  }

  equal(`whether ${id} has something unsent`, state.unread.has(client), client.replies.size > 0)

  for (const member of [client.member, ...client.openAt.keys(), ...client.backlogs.keys()]) {
    hold(member == null || state.members.get(member.id) === member, `${id} knows the member ${member?.id}, which was removed`)
  }

  hold((client.timer?.at ?? Infinity) <= clientDue(state, client), `${id} has a timer that is too late`)
}

function checkMember (state: State, member: EngineMember): void {
  const { id, open, hedges, standing, load } = member
  checkLine(`open at ${id}`, open)
  equal(`wants open at ${id}`, load.wants, open.size + hedges.size)
  equal(`whether ${id} is full`, member.full, load.wants >= member.capacity.wants)
  equal(`whether ${id} drains by its state`, member.state === 'draining', member.draining)
  hold(!state.emptying.has(member) || member.draining, `${id} is among the draining members but does not drain`)
  equal(`bytes open at ${id}`, load.bytes, sum(open, attempt => attempt.reservedBytes))
  hold(member.connected || (load.wants === 0 && standing.size === 0 && member.backlog.size === 0), `${id} is down and has wants`)
  hold(!member.stalled || open.size > 0, `${id} is stalled but owes nothing`)

  for (const attempt of open) {
    hold(attempt.fetch.primary === attempt && attempt.member === member && isThere(state, attempt.fetch), `${id} has an attempt open that is elsewhere or gone`)
  }

  for (const attempt of hedges) {
    hold(attempt.fetch.hedge === attempt && attempt.member === member && isThere(state, attempt.fetch), `${id} has a hedge open that is elsewhere or gone`)
  }

  for (const fetch of standing.values()) {
    hold(isThere(state, fetch) && findAnswer(fetch.answers, id) != null, `${id} has a standing want that is gone`)
  }

  for (const client of member.backlog.keys()) {
    hold(client.backlogs.has(member), `${id} has ${client.id} in its backlog, which has nothing there`)
  }

  hold((member.timer?.at ?? Infinity) <= memberDue(state, member), `${id} has a timer that is too late`)
}

/** Each want that waits for a verdict has a number of its own; a parked one is the only waiter of a fetch that no set has. */
function checkParked ({ clients, parked, fetches }: State): void {
  const numbers = new Set<number>()
  let count = 0

  for (const { id, wants, suspended } of clients.values()) {
    for (const want of [...wants, ...suspended.values()]) {
      const { awaits, fetch, type } = want
      const isParked = fetch.state === 'parked'

      if (wants.has(want) && isParked) {
        count++
        hold(fetch.first === want && fetch.waiterCount === 1 && fetches.all.get(fetch.key) !== fetch, `the parked fetch of ${id} is not its own`)
        hold(awaits != null, `a want of ${id} is parked and waits for no verdict`)
      }

      if (awaits != null) {
        hold(awaits.number <= parked.lastNumber && !numbers.has(awaits.number), `two wants wait for verdict ${awaits.number}`)
        numbers.add(awaits.number)
        hold(isParked || want.only != null ? awaits.type === type || (!isParked && awaits.type === 'block') : type === 'have' && awaits.type === 'block', `a want of ${id} that was admitted as ${type} waits for a verdict as ${awaits.type}`)
      }
    }
  }

  equal('parked wants', parked.wants, count)
}

function checkSums (state: State): void {
  const members = [...state.members.values()]
  equal('bytes unsent', state.unsent, sum(state.clients.values(), client => client.replies.bytes))
  equal('bytes in flight', state.inFlight, sum(members, member => member.load.bytes))
  equal('wants', state.wants, sum(state.clients.values(), client => client.wants.size))
  equal('strict fetches', sum(state.fetches.strict.values(), fetches => fetches.size), sum(state.fetches.all.values(), ({ strict }) => strict == null ? 0 : 1))
  equal('backlogged fetches', state.scheduler.backlogs.size, sum(state.fetches.all.values(), ({ backlog }) => backlog == null ? 0 : 1))
  equal('satisfied fetches', state.fetches.satisfied, sum(state.fetches.all.values(), fetch => fetch.state === 'satisfied' ? 1 : 0))
  equal('members that can be asked', state.memberCounts.askable, members.filter(isAskable).length)
  equal('healthy members', state.memberCounts.healthy, members.filter(isHealthy).length)
  equal('members with a place', state.memberCounts.withPlace, members.filter(member => isAskable(member) && member.load.wants < member.capacity.wants).length)
  equal('generations of members', new Set(members.map(({ generation }) => generation)).size, members.length)
}

function checkSets (state: State): void {
  const { fetches, scheduler } = state

  for (const [name, set] of Object.entries({ continuing: fetches.continuing, delayed: fetches.delayed, exhausted: fetches.exhausted })) {
    for (const fetch of set) {
      hold(isThere(state, fetch), `${name} has a fetch that is gone`)
    }
  }

  const { freed, takeoverMembers } = state.scheduler

  for (const [name, set] of Object.entries({ freed, takeoverMembers, emptying: state.emptying, memberOf: state.memberOf.values() })) {
    for (const member of set) {
      hold(state.members.get(member.id) === member, `${name} has the member ${member.id}, which was removed`)
    }
  }

  for (const attempt of state.hedgeable) {
    hold(attempt.fetch.primary === attempt && attempt.type === 'have' && attempt.fetch.hedge == null, 'an attempt is hedgeable that has ended or has a hedge')
  }

  const { ready, newToCycle, needPlaces, needPlacesFirst, needBytes, needMemory, needMemoryForTakeover } = scheduler
  const lines = { ready, newToCycle, needPlaces, needPlacesFirst, needBytes, needMemory }

  for (const [name, line] of Object.entries(lines)) {
    checkLine(name, line)
    let before = 0

    for (const { id, place } of line) {
      hold(place > before, `${id} stands in ${name} behind a client that came later`)
      before = place
    }
  }

  equal('clients in line', sum(state.clients.values(), ({ line }) => line == null ? 0 : 1), sum(Object.values(lines), ({ size }) => size))
  const { readyClients } = state.outbox
  const { memberClients, unread, askingAgain } = state

  for (const [name, clients] of Object.entries({ ...lines, readyClients, memberClients, unread, askingAgain, needMemoryForTakeover })) {
    for (const client of clients) {
      hold(state.clients.get(client.id) === client, `${name} has the client ${client.id}, which is gone`)
    }
  }
}

/** Each element of a line names that line and the element before it. */
function checkLine <T extends InLine<T>> (name: string, line: Line<T>): void {
  let ahead: T | undefined
  let size = 0

  for (const one of line) {
    hold(one.line === line && one.ahead === ahead, `an element of the line ${name} names another line or neighbour`)
    ahead = one
    size++
  }

  hold(line.last === ahead, `the line ${name} names another last element`)
  equal(`elements of the line ${name}`, line.size, size)
}

function isThere (state: State, fetch: Fetch): boolean {
  return state.fetches.all.get(fetchName(fetch.key, fetch.strict)) === fetch
}

function siblings (first: ClientWant): number {
  let count = 0

  for (let want: ClientWant | undefined = first; want != null; want = want.sibling) {
    count++
  }

  return count
}

function sum <T> (all: Iterable<T>, of: (one: T) => number): number {
  let total = 0

  for (const one of all) {
    total += of(one)
  }

  return total
}

function equal (what: string, is: number | boolean, should: number | boolean): void {
  hold(is === should, `${what}: ${is}, and should be ${should}`)
}

function hold (holds: boolean, message: string): void {
  if (!holds) {
    throw new InvariantError(message)
  }
}
