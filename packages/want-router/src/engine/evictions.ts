import type { Client, ClientWant } from './model.ts'

/** The wants that are evicted from a full list, sorted at most once for each message. */
export interface Evictions {
  /** The next want to evict for a new one of that priority; undefined: the new one has the lowest priority. */
  next (priority: number): ClientWant | undefined
}

/**
 * Wants that are exhausted or satisfied are evicted first: a list full of them would
 * block the client (boxo #527). Then those of the lowest priority.
 */
export function createEvictions (client: Client): Evictions {
  const settled: ClientWant[] = []
  const others: ClientWant[] = []

  for (const want of client.wants) {
    (isSettled(want) ? settled : others).push(want)
  }

  let sorted = false
  let at = 0

  function lowest (): ClientWant | undefined {
    if (!sorted && at > 0) {
      // the message evicts more than one: sorting pays from the second on
      others.sort((a, b) => a.priority - b.priority)
      sorted = true
      at = 0
    }

    if (!sorted) {
      at = 1

      return others.reduce<ClientWant | undefined>((lowest, want) => want.priority < (lowest?.priority ?? Infinity) ? want : lowest, undefined)
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

      const want = lowest()

      return want != null && want.priority < priority ? want : undefined
    }
  }
}

function isSettled ({ fetch: { state } }: ClientWant): boolean {
  return state === 'exhausted' || state === 'satisfied'
}
