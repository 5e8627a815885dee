import { memberHealth } from './health.ts'
import { latencyEstimate, byteWindow } from './windows.ts'
import type { MemberHealth } from './health.ts'
import type { MemberStatus, MemberTotals } from './io.ts'
import type { Upstream } from './ledger.ts'
import type { Route } from './routes.ts'
import type { ByteWindow, LatencyEstimate } from './windows.ts'
import type { Limits } from '../defaults.ts'
import type { Member } from '../strategies/strategy.ts'
import type { Capacity, MemberInit } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A member as the engine keeps it: what strategies see, and what it owes. */
export interface EngineMember extends Member {
  weight: number
  state: 'up' | 'ejected' | 'draining'
  readonly load: { wants: number, bytes: number }
  readonly baseWeight: number
  connected: boolean
  /** Since when it has been down; undefined while connected. */
  downSince: number | undefined
  /** Its time of being down no longer counts against a DONT_HAVE. */
  forgotten: boolean
  /** Rises with every loss: what it said before is no longer known. */
  epoch: number
  capacity: Capacity
  /** Wants open at it, oldest first. */
  readonly open: Set<Route>
  /** Wants open at it beside an attempt elsewhere. */
  readonly hedges: Set<Route>
  /** Wants it lacks but keeps listed, so that a late block comes by itself. */
  readonly listed: Map<WantKey, Route>
  /** Peers that have a route waiting for room at it. */
  readonly backlog: Set<Upstream>
  readonly recent: RecentKeys
  readonly latency: LatencyEstimate
  readonly window: ByteWindow
  readonly health: MemberHealth
  /** When it last delivered or answered anything. */
  lastProgress: number
  /** It has said nothing for longer than it usually takes: others are asked first. */
  stalled: boolean
  pendingBytes: number
  why: string | undefined
  readonly totals: MemberTotals
}

/** Keys that were lately asked of a member: a block for one is late, not unasked. */
export interface RecentKeys { add (key: WantKey): void, has (key: WantKey): boolean }

/** Two generations, so that forgetting the oldest costs nothing: holds between `size` and twice that. */
export function recentKeys (size = 2048): RecentKeys {
  let young = new Set<WantKey>()
  let old = young
  return {
    add (key) {
      young.add(key)
      if (young.size >= size) {
        old = young
        young = new Set()
      }
    },
    has: key => young.has(key) || old.has(key)
  }
}

export function engineMember (init: MemberInit, limits: Limits, now: number): EngineMember {
  const weight = init.weight ?? 1
  return {
    id: init.id,
    weight,
    baseWeight: weight,
    labels: init.labels ?? {},
    state: 'up',
    load: { wants: 0, bytes: 0 },
    connected: false,
    downSince: now,
    forgotten: false,
    epoch: 0,
    capacity: { wants: limits.wantsPerMember, bytes: limits.maxBytesPerMember, listed: limits.listedPerMember, denies: true },
    open: new Set(),
    hedges: new Set(),
    listed: new Map(),
    backlog: new Set(),
    recent: recentKeys(),
    latency: latencyEstimate(limits),
    window: byteWindow(limits.minBytesPerMember, limits.maxBytesPerMember),
    health: memberHealth(limits),
    lastProgress: 0,
    stalled: false,
    pendingBytes: 0,
    why: 'not connected yet',
    totals: { asks: 0, blocks: 0, bytes: 0, haves: 0, lacks: 0, failures: 0, timeouts: 0, unasked: 0, ejections: 0 }
  }
}

/** Whether one more want of that expected size fits the member's windows; one that brings no bytes needs no place for them. */
export function hasRoom (member: EngineMember, expected: number): boolean {
  const { load, capacity } = member
  return load.wants < capacity.wants &&
    (expected === 0 || load.bytes === 0 || load.bytes + expected <= Math.min(capacity.bytes, member.window.size))
}

/** Whether a member was asked for, or keeps, a want that a block with this CID prefix may answer: one with its hash function and length. */
export function mayOwe ({ open, hedges, listed }: EngineMember, prefix: Uint8Array): boolean {
  const head = multihashHead(prefix)
  for (const routes of [open, hedges, listed.values()]) {
    for (const { key } of routes) {
      if (key.startsWith(head)) {
        return true
      }
    }
  }
  return false
}

/** What the keys of blocks with this prefix begin with: a prefix is the varints of version, codec, hash function and length. */
function multihashHead (prefix: Uint8Array): string {
  let start = 0
  for (let varints = 0; varints < 2 && start < prefix.byteLength; start++) {
    varints += prefix[start] < 0x80 ? 1 : 0
  }
  return String.fromCharCode(...prefix.subarray(start, start + 20))
}

export function memberStatus (member: EngineMember): MemberStatus {
  return {
    id: member.id,
    state: member.connected ? member.state : 'down',
    weight: member.weight,
    labels: member.labels,
    load: { ...member.load },
    window: member.window.size,
    latency: member.latency.smoothed,
    pendingBytes: member.pendingBytes,
    why: member.why,
    totals: { ...member.totals }
  }
}
