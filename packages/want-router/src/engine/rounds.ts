/**
 * Where clients wait to be served, and what wakes them. `scheduler.ts` serves
 * them.
 */
import type { Backlog, Client, EngineMember, Fetch } from './model.ts'
import type { Scheduler, State } from './state.ts'

/** Makes a scheduler that has nothing to do. */
export function createScheduler (): Scheduler {
  return {
    ready: new Set(),
    needPlaces: new Map(),
    needBytes: new Set(),
    needMemory: new Set(),
    nextInLine: 1,
    freed: new Set(),
    capacityFreed: false,
    memoryFreed: false,
    picks: 0,
    unfinished: false
  }
}

/** A client has something to ask: it is served in turn, unless it waits for capacity already. */
export function giveRound ({ scheduler }: State, client: Client): void {
  const { ready, needPlaces, needBytes, needMemory } = scheduler
  if (client.queue.size > 0 && !needPlaces.has(client) && !needBytes.has(client) && !needMemory.has(client)) {
    ready.add(client)
  }
}

/** A client waits for nothing, or for something else. */
export function leaveRounds ({ scheduler }: State, client: Client): void {
  scheduler.ready.delete(client)
  scheduler.needPlaces.delete(client)
  scheduler.needMemory.delete(client)
  if (scheduler.needBytes.delete(client)) {
    scheduler.capacityFreed = true // others let it go first
  }
}

/** Something was closed at a member: what waits for its capacity may go on. */
export function freeCapacity ({ scheduler }: State, member: EngineMember): void {
  scheduler.capacityFreed = true
  if (member.backlog.size > 0) {
    scheduler.freed.add(member)
  }
}

/** What waits for any member's capacity may go on. */
export function freeAllCapacity (state: State): void {
  for (const member of state.members.values()) {
    freeCapacity(state, member)
  }
}

/** A backlogged fetch waits with its client. */
export function joinBacklog ({ scheduler }: State, fetch: Fetch, { member, client }: Backlog): void {
  let fetches = client.backlogs.get(member)
  if (fetches == null) {
    fetches = new Set()
    client.backlogs.set(member, fetches)
    member.backlog.set(client, scheduler.nextInLine++)
  }
  fetches.add(fetch)
}

export function leaveBacklog (fetch: Fetch, { member, client }: Backlog): void {
  const fetches = client.backlogs.get(member)
  fetches?.delete(fetch)
  if (fetches?.size === 0) {
    client.backlogs.delete(member)
    member.backlog.delete(client)
  }
}

/** Every fetch that waits for a member's capacity. */
export function backlogOf (member: EngineMember): Fetch[] {
  return Array.from(member.backlog.keys(), client => [...client.backlogs.get(member) ?? []]).flat()
}
