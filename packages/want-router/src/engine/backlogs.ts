/**
 * Where fetches wait that have begun, and whose next member has no capacity. Each
 * waits at one member, in line with its client. All of them are in one list, too,
 * in the order in which they came to wait: there `takeovers.ts` finds what another
 * member may take, and each member remembers how far it has looked.
 */
import type { Backlog, Client, EngineMember, Fetch } from './model.ts'
import type { Backlogs, Scheduler, State } from './state.ts'

// so short a list is not worth a walk
const SHORT = 64

/** Makes an empty list. */
export function createBacklogs (): Backlogs {
  let size = 0
  let last = 0
  // by number; those that have left stay until they are the larger part
  let list: Backlog[] = []

  return {
    get size () { return size },
    get last () { return last },

    add (init) {
      const backlog = { ...init, number: ++last }
      list.push(backlog)
      size++

      return backlog
    },

    leave () {
      size--

      if (list.length > SHORT && list.length > 2 * size) {
        list = list.filter(waits)
      }
    },

    after (number) {
      let from = 0

      for (let to = list.length; from < to;) {
        const middle = (from + to) >> 1

        if (list[middle].number > number) {
          to = middle
        } else {
          from = middle + 1
        }
      }

      while (from < list.length && !waits(list[from])) {
        from++
      }

      return list[from]
    }
  }
}

function waits (backlog: Backlog): boolean {
  return backlog.fetch.backlog === backlog
}

/** A fetch waits for a member's capacity, on the account of that client. */
export function joinBacklog ({ scheduler }: State, fetch: Fetch, member: EngineMember, client: Client): void {
  let fetches = client.backlogs.get(member)

  if (fetches == null) {
    fetches = new Set()
    client.backlogs.set(member, fetches)
    member.backlog.set(client, scheduler.nextInLine++)
  }

  fetches.add(fetch)
  fetch.backlog = scheduler.backlogs.add({ fetch, member, client })
}

/** A fetch no longer waits for a member's capacity. */
export function leaveBacklog ({ scheduler }: State, { fetch, member, client }: Backlog): void {
  const fetches = client.backlogs.get(member)
  fetches?.delete(fetch)

  if (fetches?.size === 0) {
    client.backlogs.delete(member)
    member.backlog.delete(client)
  }

  fetch.backlog = undefined
  scheduler.backlogs.leave()
}

/** Every fetch that waits for a member's capacity. */
export function backlogOf (member: EngineMember): Fetch[] {
  return Array.from(member.backlog.keys(), client => [...client.backlogs.get(member) ?? []]).flat()
}

/** Whether something waits elsewhere that a member has not looked at. */
export function mayTakeOver ({ backlogs }: Scheduler, member: EngineMember): boolean {
  return backlogs.size > 0 && (member.lookedAt < backlogs.last || member.passedOver > 0)
}
