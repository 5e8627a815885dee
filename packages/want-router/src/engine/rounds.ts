/**
 * The lines in which clients wait to be served, and what wakes them. `scheduler.ts`
 * serves them.
 */
import { createBacklogs, mayTakeOver } from './backlogs.ts'
import { createLine } from './line.ts'
import type { Line } from './line.ts'
import type { Client, EngineMember } from './model.ts'
import type { Scheduler, State } from './state.ts'

/** Makes a scheduler that has nothing to do. */
export function createScheduler (): Scheduler {
  return {
    ready: createLine(),
    newToCycle: createLine(),
    needPlaces: createLine(),
    needPlacesFirst: createLine(),
    needBytes: createLine(),
    needMemory: createLine(),
    nextInLine: 1,
    backlogs: createBacklogs(),
    cycle: 1,
    freed: new Set(),
    takeoverMembers: new Set(),
    needMemoryForTakeover: new Set(),
    capacityFreed: false,
    memoryFreed: false,
    picks: 0,
    considerations: 0,
    unfinished: false
  }
}

/** Whether this flush has used up its work, so that the next has to continue. */
export function isSpent (scheduler: Scheduler): boolean {
  if (scheduler.picks > 0 && scheduler.considerations > 0) {
    return false
  }

  scheduler.unfinished = true

  return true
}

/** Puts a client that has something to ask, or may ask for more, in line for a round, unless it already waits for capacity. */
export function giveRound ({ scheduler }: State, client: Client): void {
  if (client.passedOverBy != null) {
    reconsider(scheduler, client)
  }

  if (client.line == null && client.queue.size > 0) {
    getInLine(scheduler, goesFirst(scheduler, client) ? scheduler.newToCycle : scheduler.ready, client)
  }
}

/** Puts a client that stands in no line at the end of one. */
export function getInLine (scheduler: Scheduler, line: Line<Client>, client: Client): void {
  client.place = scheduler.nextInLine++
  line.add(client)
}

/** The window of a client may have opened: members that passed over what waits on its account consider it again. */
export function reconsider ({ takeoverMembers, needMemoryForTakeover }: Scheduler, client: Client): void {
  for (const member of client.passedOverBy ?? []) {
    if (member.connected) {
      takeoverMembers.add(member)
    }
  }

  client.passedOverBy = undefined
  needMemoryForTakeover.delete(client)
}

/** Whether a client has not used up its round of this cycle. */
function goesFirst (scheduler: Scheduler, client: Client): boolean {
  return client.cycle < scheduler.cycle || client.spare > 0
}

/** Whether freed memory may let a client continue that was held up only by what waits for other clients. */
export function isHeldUpByOthers ({ needMemory, needMemoryForTakeover }: Scheduler): boolean {
  return needMemory.size + needMemoryForTakeover.size > 0
}

/** Takes a client out of its line. */
export function leaveRounds ({ scheduler }: State, client: Client): void {
  if (client.line === scheduler.needBytes) {
    scheduler.capacityFreed = true // clients behind it have waited for it to be served first
  }

  client.line?.delete(client)
}

/** A member may have capacity again: notes that what waits for it may continue. */
export function freeCapacity ({ scheduler }: State, member: EngineMember): void {
  scheduler.capacityFreed = true

  if (member.backlog.size > 0) {
    scheduler.freed.add(member)
  }

  if (mayTakeOver(scheduler, member)) {
    scheduler.takeoverMembers.add(member)
  }
}

/** Notes that what waits for the capacity of any member may continue. */
export function freeAllCapacity (state: State): void {
  for (const member of state.members.values()) {
    freeCapacity(state, member)
  }
}
