/** Members: what the engine keeps for each, and whether a member can take one more want. */
import { memberHealth } from './health.ts'
import { createLine } from './line.ts'
import { createRecentKeys } from './recent-keys.ts'
import { byteWindow, latencyEstimate } from './windows.ts'
import type { EngineMember } from './model.ts'
import type { MemberCounts, State } from './state.ts'
import type { MemberStatus } from './status.ts'
import type { Limits } from '../defaults.ts'
import type { MemberInit } from '../targets/target.ts'

/** Makes a member that is not connected yet. */
export function createMember (init: MemberInit, limits: Limits, now: number, generation: number): EngineMember {
  const weight = init.weight ?? 1

  return {
    id: init.id,
    timer: undefined,
    timerOrder: 0,
    batch: undefined,
    weight,
    weighedAt: now,
    baseWeight: weight,
    labels: init.labels ?? {},
    state: 'up',
    load: { wants: 0, bytes: 0 },
    full: false,
    connected: false,
    draining: false,
    downSince: now,
    forgotten: false,
    generation,
    epoch: 0,
    capacity: { wants: limits.wantsPerMember, bytes: limits.maxBytesPerMember, standing: limits.standingPerMember, supportsDontHave: true },
    open: createLine(),
    hedges: new Set(),
    standing: new Map(),
    backlog: new Map(),
    considered: 0,
    passedOver: 0,
    recent: createRecentKeys(),
    latency: latencyEstimate(limits),
    window: byteWindow(limits.minBytesPerMember, limits.maxBytesPerMember),
    health: memberHealth(limits),
    lastProgress: 0,
    stalled: false,
    pendingBytes: 0,
    why: 'not connected yet',
    totals: { asks: 0, blocks: 0, bytes: 0, haves: 0, dontHaves: 0, failures: 0, timeouts: 0, unsolicited: 0, ejections: 0 }
  }
}

/** Whether one more want of that expected size fits a member's windows; a want that brings no bytes fits any window of bytes. */
export function hasCapacity (member: EngineMember, expected: number): boolean {
  const { load, capacity } = member

  return load.wants < capacity.wants &&
    (expected === 0 || load.bytes === 0 || load.bytes + expected <= Math.min(capacity.bytes, member.window.size))
}

/** Whether a member could be asked if it had capacity. */
export function isAskable ({ connected, draining }: EngineMember): boolean {
  return connected && !draining
}

/** Whether a member can be asked, and not only as a last resort. */
export function isHealthy ({ connected, state }: EngineMember): boolean {
  return connected && state === 'up'
}

/** Applies a change to a member, and keeps the counts of members up to date. */
export function changeMember (state: State, member: EngineMember, change: () => void): void {
  count(state.memberCounts, member, -1)
  change()
  fill(member)
  count(state.memberCounts, member, 1)
}

/** Adds to the number of wants open at a member, and keeps the counts of members up to date. */
export function addLoad ({ memberCounts }: State, member: EngineMember, wants: number): void {
  const before = hasPlace(member)
  member.load.wants += wants
  fill(member)
  memberCounts.withPlace += Number(hasPlace(member)) - Number(before)
}

function count (counts: MemberCounts, member: EngineMember, by: 1 | -1): void {
  counts.askable += isAskable(member) ? by : 0
  counts.healthy += isHealthy(member) ? by : 0
  counts.withPlace += hasPlace(member) ? by : 0
}

function fill (member: EngineMember): void {
  member.full = member.load.wants >= member.capacity.wants
}

function hasPlace (member: EngineMember): boolean {
  return isAskable(member) && !member.full
}

/** Tells the strategy which members are connected, ejected and draining ones included. */
export function updateStrategy (state: State): void {
  state.strategy.update([...state.members.values()].filter(member => member.connected))
  state.membersVersion++
}

/** Members that can be asked, including ejected ones. */
export function askableMembers ({ members }: State): EngineMember[] {
  return [...members.values()].filter(isAskable)
}

/**
 * Whether a member has an open or standing want that a block with this CID prefix may answer: one with the
 * same hash function and length.
 */
export function mayOwe ({ open, hedges, standing }: EngineMember, prefix: Uint8Array): boolean {
  const head = multihashHead(prefix)
  const matches = ({ key }: { readonly key: string }): boolean => key.startsWith(head)

  return [...open].some(({ fetch }) => matches(fetch)) ||
    [...hedges].some(({ fetch }) => matches(fetch)) ||
    [...standing.values()].some(matches)
}

/** The beginning of the keys of blocks with this prefix, which is the varints of version, codec, hash function and length. */
function multihashHead (prefix: Uint8Array): string {
  let start = 0

  for (let varints = 0; varints < 2 && start < prefix.byteLength; start++) {
    varints += prefix[start] < 0x80 ? 1 : 0
  }

  return String.fromCharCode(...prefix.subarray(start, start + 20))
}

/** Copies the public state of a member. */
export function memberStatus (member: EngineMember): MemberStatus {
  return {
    id: member.id,
    generation: member.generation,
    state: member.connected ? member.state : 'down',
    draining: member.draining,
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
