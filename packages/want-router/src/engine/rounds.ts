/**
 * Where clients wait to be served, and what wakes them. `scheduler.ts` serves
 * them.
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
    takers: new Set(),
    passedOverForMemory: new Set(),
    capacityFreed: false,
    memoryFreed: false,
    picks: 0,
    looks: 0,
    unfinished: false
  }
}

/** Whether this flush has done enough; there is more to do. */
export function isSpent (scheduler: Scheduler): boolean {
  if (scheduler.picks > 0 && scheduler.looks > 0) {
    return false
  }

  scheduler.unfinished = true

  return true
}

/** A client has something to ask, or may ask for more: it gets a round, unless it waits for capacity already. */
export function giveRound ({ scheduler }: State, client: Client): void {
  if (client.passedOverBy != null) {
    haveLookAgain(scheduler, client)
  }

  if (client.line == null && client.queue.size > 0) {
    getInLine(scheduler, goesFirst(scheduler, client) ? scheduler.newToCycle : scheduler.ready, client)
  }
}

/** A client goes to the end of a line; it stands in none. */
export function getInLine (scheduler: Scheduler, line: Line<Client>, client: Client): void {
  client.place = scheduler.nextInLine++
  line.add(client)
}

/** The window of a client may have opened: members that passed over what waits on its account look at that again. */
export function haveLookAgain ({ takers, passedOverForMemory }: Scheduler, client: Client): void {
  for (const member of client.passedOverBy ?? []) {
    if (member.connected) {
      takers.add(member)
    }
  }

  client.passedOverBy = undefined
  passedOverForMemory.delete(client)
}

/** Whether a client has a round of this cycle left, or the rest of one. */
function goesFirst (scheduler: Scheduler, client: Client): boolean {
  return client.cycle < scheduler.cycle || client.spare > 0
}

/** Whether freed memory lets a client go on that was held up only by what waits for other clients. */
export function isHeldUpByOthers ({ needMemory, passedOverForMemory }: Scheduler): boolean {
  return needMemory.size + passedOverForMemory.size > 0
}

/** A client waits for nothing, or for something else. */
export function leaveRounds ({ scheduler }: State, client: Client): void {
  if (client.line === scheduler.needBytes) {
    scheduler.capacityFreed = true // others let it go first
  }

  client.line?.delete(client)
}

/** Something was closed at a member: what waits for its capacity may go on. */
export function freeCapacity ({ scheduler }: State, member: EngineMember): void {
  scheduler.capacityFreed = true

  if (member.backlog.size > 0) {
    scheduler.freed.add(member)
  }

  if (mayTakeOver(scheduler, member)) {
    scheduler.takers.add(member)
  }
}

/** What waits for any member's capacity may go on. */
export function freeAllCapacity (state: State): void {
  for (const member of state.members.values()) {
    freeCapacity(state, member)
  }
}
