import { multihashKey } from '@kitsune/bitswap-codec'
import { hashString } from './hash.ts'
import { Route } from './routes.ts'
import type { Totals } from './io.ts'
import type { Upstream } from './ledger.ts'
import type { EngineMember } from './members.ts'
import type { QuantileEstimate } from './windows.ts'
import type { Limits } from '../defaults.ts'
import type { Strategy } from '../strategies/strategy.ts'
import type { CancelledWant, TargetWant } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Everything the engine knows; the modules beside this one are functions over it. */
export interface State {
  readonly limits: Limits
  now (): number
  /** Whether a block could be verified against a key. */
  verifiable (key: WantKey): boolean
  readonly seed: number
  readonly strategy: Strategy
  readonly members: ReadonlyMap<string, EngineMember>
  readonly peers: Map<string, Upstream>
  /** Members by the peer id that each had last. */
  readonly memberOf: Map<string, EngineMember>
  /** Upstream peers that are members. */
  readonly memberPeers: Set<Upstream>
  /** The peers that some upstream peers say they ask for. */
  readonly standIns: Map<string, string>
  readonly routes: Map<WantKey, Route>
  /** Peers whose queue may be served, in turn. */
  readonly turns: Set<Upstream>
  /** Routes to be asked again as soon as there is room. */
  readonly retries: Set<Route>
  /** Routes to be asked again as soon as the retry budget allows. */
  readonly delayed: Set<Route>
  /** Want-haves open at one member only, the oldest first. */
  readonly hedgeable: Set<Route>
  /** How long an answer to a want-have takes, but for the slowest share. */
  readonly haveDelay: QuantileEstimate
  /** Routes that wait for a late block or a recovery. */
  readonly idle: Set<Route>
  retryTokens: number
  /** Expected bytes open at all members. */
  inFlight: number
  /** Bytes that wait for all upstream peers. */
  unsent: number
  /** Some peer has nothing of its own on the way, and is held up by what waits for others. */
  short: boolean
  nextPriority: number
  /**
   * What the next flush says, a member at a time and by the CID it is said of: an ask has a type, a cancel has
   * none. The cancel of one CID and the ask for another of the same multihash both leave: nodes keep wants by CID.
   */
  readonly outbox: Map<EngineMember, Map<string, TargetWant | CancelledWant>>
  readonly readyPeers: Set<Upstream>
  readonly closing: Map<string, string>
  /** Members whose sessions end, and why. */
  readonly resets: Map<EngineMember, string>
  /** Connected members changed, or their weights or states did. */
  membersChanged: boolean
  lastSweep: number
  draining: boolean
  readonly totals: Totals
}

export const MAX_PRIORITY = 0x7fffffff
/** Retries that may be saved up. */
export const MAX_TOKENS = 100
/** Retries granted a sweep whatever the budget, so that none waits for ever. */
export const TRICKLE = 10

export function newRoute (state: State, key: WantKey, cid: Uint8Array): Route {
  const route = new Route(key, hashString(key, state.seed), cid, state.verifiable(key))
  state.routes.set(key, route)
  return route
}

/** Queues a line for a member; a later one about the same CID replaces it. */
export function tell (state: State, member: EngineMember, want: TargetWant | CancelledWant): void {
  let lines = state.outbox.get(member)
  if (lines == null) {
    lines = new Map()
    state.outbox.set(member, lines)
  }
  lines.set(multihashKey(want.cid), want) // not a multihash, but as good a key
}

/** Counts down, so that targets serve in the order of asking. */
export function newPriority (state: State): number {
  const priority = state.nextPriority
  state.nextPriority = priority > 1 ? priority - 1 : MAX_PRIORITY
  return priority
}

/** Drops what was to be asked of a member and has not left yet; false: there was nothing. */
export function untell (state: State, member: EngineMember, { cid }: Route): boolean {
  const lines = state.outbox.get(member)
  if (lines == null) {
    return false
  }
  const key = multihashKey(cid)
  const line = lines.get(key)
  return line != null && 'type' in line && lines.delete(key)
}

/** Takes a want back from a member. */
export function tellCancel (state: State, member: EngineMember, { key, cid }: CancelledWant): void {
  tell(state, member, { key, cid })
}

/** Connected members, those that may be asked first. */
export function connected (state: State): EngineMember[] {
  return [...state.members.values()].filter(member => member.connected)
}

/** Gives a peer its turn again, if it has something waiting. */
export function giveTurn (state: State, peer: Upstream): void {
  if (peer.queue.size > 0 || peer.backlogs.size > 0) {
    state.turns.add(peer)
  }
}

/**
 * Whether one more want may be asked for this peer: what is unsent and what is on
 * its way fit its window, and what is left of the bytes for all. A peer that does
 * not read stops here. What is open at stalled members has a window to itself,
 * else one of them could hold up all.
 *
 * No peer may hold more than it leaves to others (dynamic thresholds, Choudhury
 * and Hahne 1998): one has its whole window, and of many that do not read each
 * has an equal part, with as much left for the next to come.
 */
export function admissible (state: State, peer: Upstream): boolean {
  const unsent = peer.replies.bytes
  const left = unsentLeft(state)
  const block = peer.blockSize.bytes
  if (unsent >= state.limits.unsentPerPeer || (block > left && left < state.limits.unsent)) {
    return false
  }
  const window = Math.min(peer.window.size, left)
  const pending = unsent + peer.inFlight - Math.min(peer.stalled, window)
  return pending <= 0 || pending + block <= window
}

/** A member is itself all that waits for a route, and so lacks what the route is for. */
export function isLone (state: State, route: Route, member: EngineMember): boolean {
  return state.memberPeers.size > 0 && route.onlyWantedBy(member)
}

/** Nothing is on its way for a peer: if it is held up all the same, nothing of its own will wake it. */
export function isIdle (peer: Upstream): boolean {
  return peer.replies.size === 0 && peer.inFlight === 0
}

/** Bytes that may still wait for upstream peers, when all has arrived that is on its way. */
function unsentLeft (state: State): number {
  return state.limits.unsent - state.unsent - state.inFlight
}
