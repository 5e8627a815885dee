import { replies } from './replies.ts'
import { readWindow, sizeEstimate } from './windows.ts'
import type { EngineMember } from './members.ts'
import type { Replies, Reply } from './replies.ts'
import type { Route } from './routes.ts'
import type { ReadWindow, SizeEstimate } from './windows.ts'
import type { Limits } from '../defaults.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** One entry of an upstream peer's wantlist, in the peer's own words. */
export interface LedgerWant {
  readonly owner: Upstream
  readonly key: WantKey
  /** Raw CID bytes, a copy of our own. */
  readonly cid: Uint8Array
  type: AskType
  priority: number
  sendDontHave: boolean
  /** HAVE has been said: it is never taken back. */
  promised: boolean
  /** DONT_HAVE has been said: not again, though the want stays. */
  denied: boolean
  /** What was said last, which may still wait to be sent. */
  presence: Reply | undefined
  expires: number
  /** The connection on which it came last. */
  connection: number | undefined
  route: Route
  /** The same multihash wanted under another CID by the same peer. */
  sibling: LedgerWant | undefined
  nextWaiter: LedgerWant | undefined
  previousWaiter: LedgerWant | undefined
}

/**
 * All that is kept for one upstream peer. Whatever the peer causes hangs here and
 * goes with it.
 */
export interface Upstream {
  readonly id: string
  /** The member that this peer is, if it is one. */
  member: EngineMember | undefined
  /** The entries, the longest untouched first: the order in which they expire. */
  readonly entries: Set<LedgerWant>
  /** The same by multihash; several CIDs of one are siblings. */
  readonly wants: Map<WantKey, LedgerWant>
  /** Wants of connections that have fallen silent, by their CIDs: on no route, and not among the entries. */
  readonly suspended: Map<string, LedgerWant>
  /** Wants whose turn has not come. */
  readonly queue: Set<LedgerWant>
  /** Begun routes on its account that wait for room at a member. */
  readonly backlogs: Map<EngineMember, Set<Route>>
  readonly replies: Replies
  /** Wants open at each member on its account. */
  readonly openAt: Map<EngineMember, number>
  /** Expected bytes on their way. */
  inFlight: number
  /** Those of them that are open at stalled members. */
  stalled: number
  /** How much may be on its way: more for who reads quickly. */
  readonly window: ReadWindow
  readonly blockSize: SizeEstimate
  /** Bytes left of its turn. */
  deficit: number
  /** It has a turn that has not ended, be it that windows were full: it goes on with that, and is not paid for another. */
  inTurn: boolean
  /** When it last took something, or began to have something to take. */
  readAt: number
  /** When its last message came. */
  heardAt: number
}

export function upstream (id: string, limits: Limits, expectedBlock: number): Upstream {
  return {
    id,
    member: undefined,
    entries: new Set(),
    wants: new Map(),
    suspended: new Map(),
    queue: new Set(),
    backlogs: new Map(),
    replies: replies(),
    openAt: new Map(),
    inFlight: 0,
    stalled: 0,
    window: readWindow(limits),
    blockSize: sizeEstimate(expectedBlock),
    deficit: 0,
    inTurn: false,
    readAt: 0,
    heardAt: 0
  }
}

/** The peer's entry for exactly that CID. */
export function findWant (peer: Upstream, key: WantKey, cid: Uint8Array): LedgerWant | undefined {
  for (let want = peer.wants.get(key); want != null; want = want.sibling) {
    if (sameBytes(want.cid, cid)) {
      return want
    }
  }
}

export function addWant (peer: Upstream, want: LedgerWant): void {
  want.sibling = peer.wants.get(want.key)
  peer.wants.set(want.key, want)
  peer.entries.add(want)
}

/** Moves an entry to the end of the order in which wants expire. */
export function touchWant (want: LedgerWant): void {
  want.owner.entries.delete(want)
  want.owner.entries.add(want)
}

export function removeWant (peer: Upstream, want: LedgerWant): void {
  const head = peer.wants.get(want.key)
  if (head === want) {
    if (want.sibling == null) {
      peer.wants.delete(want.key)
    } else {
      peer.wants.set(want.key, want.sibling)
    }
  } else {
    for (let at = head; at != null; at = at.sibling) {
      if (at.sibling === want) {
        at.sibling = want.sibling
        break
      }
    }
  }
  want.sibling = undefined
  peer.entries.delete(want)
  peer.queue.delete(want)
}

/** Wants of a full list that give way, found once for a message however many it brings. */
export interface Victims {
  /** The next to give up for a new one of that priority; undefined: the new one weighs least. */
  next (priority: number): LedgerWant | undefined
}

/**
 * Those that nobody could serve, or that have their HAVE, go first: a list full
 * of them would freeze the peer (boxo #527). Then the lowest priority.
 */
export function victims (peer: Upstream): Victims {
  const settled: LedgerWant[] = []
  const others: LedgerWant[] = []
  for (const want of peer.entries) {
    (isSettled(want) ? settled : others).push(want)
  }
  let sorted = false
  let at = 0

  function least (): LedgerWant | undefined {
    if (!sorted && at > 0) {
      // the second that is asked for: from here on in order
      others.sort((a, b) => a.priority - b.priority)
      sorted = true
      at = 0
    }
    if (!sorted) {
      at = 1
      return others.reduce<LedgerWant | undefined>((least, want) => want.priority < (least?.priority ?? Infinity) ? want : least, undefined)
    }
    while (at < others.length && !peer.entries.has(others[at])) {
      at++
    }
    return others[at]
  }

  return {
    next (priority) {
      for (let want = settled.shift(); want != null; want = settled.shift()) {
        if (peer.entries.has(want) && isSettled(want)) {
          return want
        }
      }
      const want = least()
      return want != null && want.priority < priority ? want : undefined
    }
  }
}

function isSettled ({ route }: LedgerWant): boolean {
  return route.state === 'idle' || route.state === 'resting'
}

/** The entries worth reading of a list longer than a peer may have: those of highest priority, in their order. */
export function topEntries (entries: readonly WantEntry[], most: number): readonly WantEntry[] {
  if (entries.length <= most) {
    return entries
  }
  const wants = entries.filter(entry => !entry.cancel)
  if (wants.length <= most) {
    return entries
  }
  const floor = wants.map(entry => entry.priority).sort((a, b) => b - a)[most - 1]
  let ties = most - wants.filter(entry => entry.priority > floor).length
  return entries.filter(entry => entry.cancel || entry.priority > floor || (entry.priority === floor && ties-- > 0))
}

export function sameBytes (a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) {
    return false
  }
  for (let i = 0; i < a.byteLength; i++) {
    if (a[i] !== b[i]) {
      return false
    }
  }
  return true
}
