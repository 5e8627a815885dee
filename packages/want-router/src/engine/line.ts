import type { Client } from './model.ts'

/** Clients in line, each looked at once; one that goes to the end is looked at again. */
export interface Line {
  readonly first: Client | undefined
  /** The place of the first; Infinity: the line has ended. */
  readonly place: number
  next (): Client
}

/** @param clients - with their places, in the order of those; it may change meanwhile */
export function createLine (clients: Map<Client, number>): Line {
  const iterator = clients.entries()
  let current: [Client, number] | undefined

  function peek (): [Client, number] | undefined {
    // the one that was looked at before may have left meanwhile
    if (current == null || clients.get(current[0]) !== current[1]) {
      const { done, value } = iterator.next()
      current = done === true ? undefined : value
    }
    return current
  }

  return {
    get first () { return peek()?.[0] },
    get place () { return peek()?.[1] ?? Infinity },
    next () {
      const [client] = peek() ?? []
      if (client == null) {
        throw new Error('the line has ended')
      }
      current = undefined
      return client
    }
  }
}
