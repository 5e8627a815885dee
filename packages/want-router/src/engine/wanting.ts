import { identityData, isIdentity, multihashKey, wantKey } from '@kitsune/bitswap-codec'
import { forgetWant, settleIfCertain } from './answering.ts'
import { upgradeAttempt } from './attempts.ts'
import { requeue } from './backlog.ts'
import { cancelHedge } from './hedging.ts'
import { addWant, findWant, sameBytes, topEntries, touchWant, victims } from './ledger.ts'
import { onMemberWants } from './loops.ts'
import { deliver, promise } from './saying.ts'
import { admissible, giveTurn, newRoute } from './state.ts'
import type { LedgerWant, Upstream, Victims } from './ledger.ts'
import type { Route } from './routes.ts'
import type { State } from './state.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** An upstream peer's wantlist message. A bad entry costs that entry. */
export function onWants (state: State, peer: Upstream, entries: readonly WantEntry[], full: boolean, connection?: number): void {
  const all = lastWords(entries)
  const top = topEntries(all, state.limits.wantsPerPeer)
  state.totals.evicted += all.length - top.length

  // what ends makes room for what begins
  for (const entry of top) {
    if (entry.cancel) {
      onCancel(state, peer, entry)
    }
  }
  if (full) {
    replaceList(state, peer, top)
    peer.suspended.clear()
  }

  let least: Victims | undefined
  const evicts = (): Victims => (least ??= victims(peer))
  for (const entry of inOrder(top)) {
    const key = entry.cancel ? undefined : wantKey(entry.cid)
    if (key != null) {
      state.totals.wants++
      onWant(state, peer, key, entry, evicts, connection)
    } else if (!entry.cancel) {
      state.totals.badWants++
    }
  }
}

/** What a message says last of a CID counts, as in boxo, where a message has one entry for each. */
function lastWords (entries: readonly WantEntry[]): readonly WantEntry[] {
  if (!mayContradict(entries)) {
    return entries
  }
  const last = new Map<string, WantEntry>()
  for (const entry of entries) {
    const cid = multihashKey(entry.cid) // not a multihash, but as good a key
    last.delete(cid)
    last.set(cid, entry)
  }
  return [...last.values()]
}

// up to so many entries are compared with one another, for less than a map of them costs
const FEW = 32

/** Whether a message may want what it cancels. Most have a few entries of each kind, and do not. */
function mayContradict (entries: readonly WantEntry[]): boolean {
  const few = entries.length <= FEW
  let cancels = false
  let wants = false
  for (const { cancel, cid } of entries) {
    cancels ||= cancel
    wants ||= !cancel
    if (few && cancel && entries.some(other => !other.cancel && sameBytes(other.cid, cid))) {
      return true
    }
  }
  return !few && cancels && wants
}

function onCancel (state: State, peer: Upstream, { cid }: WantEntry): void {
  const key = wantKey(cid)
  if (key == null) {
    state.totals.badWants++
    return
  }
  state.totals.cancels++
  const want = findWant(peer, key, cid)
  if (want != null) {
    forgetWant(state, want)
  } else {
    peer.suspended.delete(multihashKey(cid))
  }
}

/** A full list replaces this peer's list, and nobody else's: what it does not name ends. */
function replaceList (state: State, peer: Upstream, entries: readonly WantEntry[]): void {
  peer.suspended.clear() // what it names begins anew
  if (peer.entries.size === 0) {
    return
  }
  const named = new Set<LedgerWant>()
  for (const { cid, cancel } of entries) {
    const key = cancel ? undefined : wantKey(cid)
    const want = key == null ? undefined : findWant(peer, key, cid)
    if (want != null) {
      named.add(want)
    }
  }
  for (const want of peer.entries) {
    if (!named.has(want)) {
      forgetWant(state, want)
    }
  }
}

/** Entries by priority, high first; most senders have them so already. */
function inOrder (entries: readonly WantEntry[]): readonly WantEntry[] {
  for (let i = 1; i < entries.length; i++) {
    if (entries[i].priority > entries[i - 1].priority) {
      return [...entries].sort((a, b) => b.priority - a.priority)
    }
  }
  return entries
}

function onWant (state: State, peer: Upstream, key: WantKey, entry: WantEntry, evicts: () => Victims, connection: number | undefined): void {
  if (isIdentity(entry.cid)) {
    // the CID is the block: nobody has to be asked
    const cid = entry.cid.slice()
    deliver(state, peer, cid, identityData(cid) ?? new Uint8Array())
    return
  }
  const known = findWant(peer, key, entry.cid)
  if (known != null) {
    askedAgain(state, known, entry, connection)
    return
  }
  if (peer.entries.size >= state.limits.wantsPerPeer) {
    const least = evicts().next(entry.priority)
    state.totals.evicted++
    if (least == null) {
      return
    }
    forgetWant(state, least)
  }

  const id = multihashKey(entry.cid)
  const suspended = peer.suspended.get(id)
  if (suspended != null) {
    peer.suspended.delete(id)
    suspended.route = routeOf(state, key, suspended.cid)
    enter(state, suspended)
    askedAgain(state, suspended, entry, connection)
    return
  }

  const cid = entry.cid.slice()
  const route = routeOf(state, key, cid)
  if (!route.verifiable) {
    state.totals.unverifiableWants++
  }
  enter(state, {
    owner: peer,
    key,
    cid,
    type: entry.wantType,
    priority: entry.priority,
    sendDontHave: entry.sendDontHave,
    promised: false,
    denied: false,
    presence: undefined,
    expires: state.now() + state.limits.wantLifetime,
    connection,
    route,
    sibling: undefined,
    nextWaiter: undefined,
    previousWaiter: undefined
  })
}

/** The route of a multihash, a new one if nobody waits for it. */
export function routeOf (state: State, key: WantKey, cid: Uint8Array): Route {
  const route = state.routes.get(key)
  if (route != null) {
    state.totals.coalesced++
  }
  return route ?? newRoute(state, key, cid)
}

/** Puts a want on its peer's list and on its route. */
export function enter (state: State, want: LedgerWant): void {
  const { route, owner } = want
  // somebody else wants now what only a member wanted, which was not asked for that
  const first = route.first?.owner.member
  const company = first != null && first !== owner.member
  addWant(owner, want)
  route.join(want)
  if (company && route.state === 'idle') {
    requeue(state, route)
  }
  pursue(state, route, want)
}

/** The same want again: it lives on, and may now ask for more. */
function askedAgain (state: State, want: LedgerWant, entry: WantEntry, connection: number | undefined): void {
  want.connection = connection
  want.priority = entry.priority
  want.sendDontHave = entry.sendDontHave
  want.expires = state.now() + state.limits.wantLifetime
  touchWant(want)
  // who asks again has not kept the answer
  want.denied = false
  if (entry.wantType === 'block') {
    want.type = 'block'
  } else if (want.promised) {
    promise(state, want)
    return
  }
  pursue(state, want.route, want)
}

/** Brings a route to where this want needs it to be. */
function pursue (state: State, route: Route, want: LedgerWant): void {
  const upgrade = want.type === 'block' && route.type === 'have'
  if (upgrade) {
    route.type = 'block'
  }
  switch (route.state) {
    case 'queued':
      want.owner.queue.add(want)
      giveTurn(state, want.owner)
      break
    case 'asked':
      // without room for the block the HAVE is waited for, and the block asked for in turn
      if (upgrade && route.asked === 'have' && route.payer != null && admissible(state, route.payer)) {
        cancelHedge(state, route)
        upgradeAttempt(state, route)
      }
      onMemberWants(state, route, want.owner.member)
      break
    case 'resting':
      if (want.type === 'have' && isHeld(route)) {
        promise(state, want)
      }
      if (want.type === 'have' && want.promised) {
        break
      }
      requeue(state, route)
      break
    case 'idle':
      if (forgetOldAbsence(state, route)) {
        requeue(state, route)
      } else {
        settleIfCertain(state, route)
      }
      break
    default: // retry: it is on its way
  }
}

/** A DONT_HAVE holds on where the member keeps the want, and sends the block should it come; elsewhere it ages. */
function forgetOldAbsence (state: State, route: Route): boolean {
  const before = state.now() - state.limits.absenceLifetime
  let forgot = false
  for (const member of route.speakers()) {
    const at = route.saidBy(member) === 'lack' && member.listed.get(route.key) !== route ? route.saidAt(member) : undefined
    if (at != null && at <= before) {
      route.forget(member)
      forgot = true
    }
  }
  return forgot
}

function isHeld (route: Route): boolean {
  const [holder] = route.holders()
  return holder != null
}
