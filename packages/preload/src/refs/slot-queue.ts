/** A request that waits for a slot. */
export interface Waiting {
  readonly client: string
  /** Ends its wait. */
  go (): void
}

/** The requests that wait for a slot, in the order of their arrival. */
export interface SlotQueue extends Iterable<Waiting> {
  readonly size: number
  /** How many requests of a client wait. */
  of (client: string): number
  /** Calls `begin` when the wait ends, and resolves with its result. Rejects with the signal's reason if that aborts before. */
  join<T> (client: string, signal: AbortSignal, begin: () => T): Promise<T>
}

/** Creates an empty queue. */
export function createSlotQueue (): SlotQueue {
  const waiting = new Set<Waiting>()
  const perClient = new Map<string, number>()

  function count (client: string, change: 1 | -1): void {
    const sum = (perClient.get(client) ?? 0) + change

    if (sum === 0) {
      perClient.delete(client)
    } else {
      perClient.set(client, sum)
    }
  }

  return {
    get size () { return waiting.size },

    of: client => perClient.get(client) ?? 0,

    async join (client, signal, begin) {
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting.delete(one)
          count(client, -1)
          signal.removeEventListener('abort', abort)
        }

        const abort = (): void => {
          leave()
          reject(signal.reason)
        }

        const one: Waiting = {
          client,
          go () {
            leave()
            resolve(begin())
          }
        }
        count(client, 1)
        waiting.add(one)
        signal.addEventListener('abort', abort)
      })
    },

    [Symbol.iterator]: () => waiting.values()
  }
}
