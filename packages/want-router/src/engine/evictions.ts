import type { Client, ClientWant } from './model.ts'

/** Wants of a full list that give way, found once for a message however many it brings. */
export interface Evictions {
  /** The next to give up for a new one of that priority; undefined: the new one weighs least. */
  next (priority: number): ClientWant | undefined
}

/**
 * Those that no member could serve, or that have their HAVE, go first: a list full
 * of them would freeze the client (boxo #527). Then the lowest priority.
 */
export function createEvictions (client: Client): Evictions {
  const settled: ClientWant[] = []
  const others: ClientWant[] = []

  for (const want of client.wants) {
    (isSettled(want) ? settled : others).push(want)
  }

  let sorted = false
  let at = 0

  function least (): ClientWant | undefined {
    if (!sorted && at > 0) {
      // the second that is asked for: from here on in order
      others.sort((a, b) => a.priority - b.priority)
      sorted = true
      at = 0
    }

    if (!sorted) {
      at = 1

      return others.reduce<ClientWant | undefined>((least, want) => want.priority < (least?.priority ?? Infinity) ? want : least, undefined)
    }

    while (at < others.length && !client.wants.has(others[at])) {
      at++
    }

    return others[at]
  }

  return {
    next (priority) {
      for (let want = settled.shift(); want != null; want = settled.shift()) {
        if (client.wants.has(want) && isSettled(want)) {
          return want
        }
      }

      const want = least()

      return want != null && want.priority < priority ? want : undefined
    }
  }
}

function isSettled ({ fetch: { state } }: ClientWant): boolean {
  return state === 'exhausted' || state === 'satisfied'
}
