/**
 * What always holds of an engine's state between two calls: each sum equals what
 * it sums, each route is in exactly the sets that its state names, each link has
 * its other end, and nothing refers to what is gone. For tests: it walks all.
 */
import { InvariantError } from '../errors.ts'
import type { LedgerWant, Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'

/** @throws {InvariantError} which says what does not hold, and of what */
export function checkInvariants (state: State): void {
  for (const route of state.routes.values()) {
    checkRoute(state, route)
  }
  const accounts = sumAccounts(state.routes.values())
  for (const peer of state.peers.values()) {
    checkPeer(state, peer, accounts.get(peer))
  }
  for (const member of state.members.values()) {
    checkMember(state, member)
  }
  equal('bytes unsent', state.unsent, sum(state.peers.values(), peer => peer.replies.bytes))
  equal('bytes in flight', state.inFlight, sum(state.members.values(), member => member.load.bytes))
  for (const [name, routes] of Object.entries({ retries: state.retries, delayed: state.delayed, idle: state.idle, hedgeable: state.hedgeable })) {
    for (const route of routes) {
      hold(state.routes.get(route.key) === route, `${name} has a route that is gone`)
    }
  }
  for (const [name, peers] of Object.entries({ turns: state.turns, readyPeers: state.readyPeers, memberPeers: state.memberPeers })) {
    for (const peer of peers) {
      hold(state.peers.get(peer.id) === peer, `${name} has the peer ${peer.id}, which is gone`)
    }
  }
}

function checkRoute (state: State, route: Route): void {
  const name = `the ${route.state} route of ${route.peer}`
  let waiters = 0
  for (const want of route.waiters()) {
    waiters++
    hold(want.route === route && want.key === route.key, `${name} is waited for by a want of another`)
    hold(state.peers.get(want.owner.id) === want.owner && want.owner.entries.has(want), `${name} is waited for by a want that is gone`)
    if (route.state === 'queued' && (want.type === 'block' || !want.promised)) {
      hold(want.owner.queue.has(want), `${name} is not in the queue of ${want.owner.id}`)
    }
  }
  equal(`waiters of ${name}`, route.size, waiters)
  hold(waiters > 0, `${name} has no waiter`)

  const asked = route.state === 'asked'
  const lists = Number(state.retries.has(route)) + Number(state.delayed.has(route)) + Number(route.waitsFor != null)
  equal(`whether ${name} is open`, route.member != null && route.payer != null, asked)
  equal(`places where ${name} waits to be asked again`, lists, route.state === 'retry' ? 1 : 0)
  equal(`whether ${name} is idle`, state.idle.has(route), route.state === 'idle')
  hold(route.hedge == null || (asked && route.hedge !== route.member), `${name} has a hedge beside no attempt`)
  if (state.hedgeable.has(route)) {
    hold(asked && route.asked === 'have' && route.hedge == null, `${name} may be hedged`)
  }
  if (asked) {
    hold(route.member?.open.has(route) === true, `${name} is not open at ${route.member?.id}`)
    hold(state.peers.get(route.payer?.id ?? '') === route.payer, `${name} is paid for by ${route.payer?.id}, which is gone`)
  }
  if (route.waitsFor != null) {
    const { member, peer } = route.waitsFor
    hold(peer.backlogs.get(member)?.has(route) === true && member.backlog.has(peer), `${name} waits at ${member.id}, which does not know`)
  }
}

/** What is open on a peer's account. */
interface Account { open: number, bytes: number, stalled: number }

function sumAccounts (routes: Iterable<Route>): Map<Upstream, Account> {
  const accounts = new Map<Upstream, Account>()
  for (const { payer, member, expected } of routes) {
    if (payer != null) {
      const account = accounts.get(payer) ?? { open: 0, bytes: 0, stalled: 0 }
      account.open++
      account.bytes += expected
      account.stalled += member?.stalled === true ? expected : 0
      accounts.set(payer, account)
    }
  }
  return accounts
}

function checkPeer (state: State, peer: Upstream, account: Account = { open: 0, bytes: 0, stalled: 0 }): void {
  const { id } = peer
  equal(`bytes in flight for ${id}`, peer.inFlight, account.bytes)
  equal(`bytes of ${id} at stalled members`, peer.stalled, account.stalled)
  equal(`wants open for ${id}`, sum(peer.openAt.values(), open => open), account.open)
  equal(`wants of ${id} by multihash`, sum(peer.wants.values(), siblings), peer.entries.size)
  hold(peer.entries.size <= state.limits.wantsPerPeer, `${id} has ${peer.entries.size} wants`)
  for (const want of peer.queue) {
    hold(peer.entries.has(want), `the queue of ${id} has a want that is gone`)
  }
  for (const [member, routes] of peer.backlogs) {
    for (const route of routes) {
      hold(route.waitsFor?.peer === peer && route.waitsFor.member === member, `${id} keeps a route waiting at ${member.id} that does not wait there`)
    }
  }
}

function checkMember (state: State, member: EngineMember): void {
  const { id, open, hedges, listed, load } = member
  equal(`wants open at ${id}`, load.wants, open.size + hedges.size)
  equal(`bytes open at ${id}`, load.bytes, sum(open, route => route.expected))
  hold(member.connected || load.wants === 0, `${id} is down and has ${load.wants} wants open`)
  hold(!member.stalled || open.size > 0, `${id} is stalled and owes nothing`)
  for (const route of open) {
    hold(route.member === member && state.routes.get(route.key) === route, `a route is open at ${id} that is elsewhere or gone`)
  }
  for (const route of hedges) {
    hold(route.hedge === member && state.routes.get(route.key) === route, `a hedge is open at ${id} that is elsewhere or gone`)
  }
  for (const route of listed.values()) {
    hold(state.routes.get(route.key) === route, `${id} keeps a want that is gone`)
    hold(route.member !== member && route.hedge !== member, `${id} keeps a want that is open at it`)
  }
}

function siblings (first: LedgerWant): number {
  let count = 0
  for (let want: LedgerWant | undefined = first; want != null; want = want.sibling) {
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
