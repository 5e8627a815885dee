/**
 * Backlogged fetches: they have begun, and their next member has no capacity. Each waits
 * at one member, where its client stands in line. One list has all of them in the order
 * in which they began to wait: `takeovers.ts` searches it for fetches that another member
 * can take over, and each member remembers how far it has searched.
 */
import type { Backlog, Client, EngineMember, Fetch } from './model.ts'
import type { Backlogs, Scheduler, State } from './state.ts'

// up to this length, the list is not worth compacting
const SHORT = 64

/** Makes an empty list. */
export function createBacklogs (): Backlogs {
  let size = 0
  let last = 0
  // ordered by number; entries that have left stay until they are the majority
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

/** Makes a fetch wait for a member's capacity, on the account of that client. */
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

/** Ends a fetch's wait for a member's capacity. */
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

/** Whether fetches are backlogged that a member has not considered taking over, or has passed over. */
export function mayTakeOver ({ backlogs }: Scheduler, member: EngineMember): boolean {
  return backlogs.size > 0 && (member.considered < backlogs.last || member.passedOver > 0)
}
