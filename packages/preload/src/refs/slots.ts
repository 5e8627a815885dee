import { TooManyRequestsError } from '../errors.ts'
import type { PreloadLimits } from '../defaults.ts'

type SlotLimits = Pick<PreloadLimits, 'running' | 'runningPerClient' | 'queued' | 'queuedPerClient'>

/** Places for requests. Those that find none wait in the order in which they came, and none waits for another client's limit. */
export interface Slots {
  readonly running: number
  readonly queued: number
  /**
   * Resolves with what gives the place back. Rejects with the signal's reason, if it aborts.
   *
   * @throws {TooManyRequestsError} as many wait already as may
   */
  take (client: string, signal: AbortSignal): Promise<() => void>
}

interface ClientSlots {
  running: number
  queued: number
}

interface Waiting {
  readonly client: string
  go (): void
}

export function createSlots (limits: SlotLimits): Slots {
  const clients = new Map<string, ClientSlots>()
  const waiting = new Set<Waiting>()
  let running = 0

  function of (client: string): ClientSlots {
    let slots = clients.get(client)
    if (slots == null) {
      slots = { running: 0, queued: 0 }
      clients.set(client, slots)
    }
    return slots
  }

  function tidy (client: string, { running, queued }: ClientSlots): void {
    if (running + queued === 0) {
      clients.delete(client)
    }
  }

  function begin (client: string): () => void {
    const slots = of(client)
    running++
    slots.running++
    let given = false

    return () => {
      if (!given) {
        given = true
        running--
        slots.running--
        tidy(client, slots)
        next()
      }
    }
  }

  function next (): void {
    for (const one of waiting) {
      if (running >= limits.running) {
        return
      }
      if (of(one.client).running < limits.runningPerClient) {
        one.go()
      }
    }
  }

  return {
    get running () { return running },
    get queued () { return waiting.size },

    async take (client, signal) {
      signal.throwIfAborted()
      const slots = of(client)
      if (running < limits.running && slots.running < limits.runningPerClient && slots.queued === 0) {
        return begin(client)
      }
      if (waiting.size >= limits.queued || slots.queued >= limits.queuedPerClient) {
        tidy(client, slots)
        throw new TooManyRequestsError()
      }
      return new Promise((resolve, reject) => {
        slots.queued++
        const leave = (): void => {
          waiting.delete(one)
          slots.queued--
          signal.removeEventListener('abort', abort)
        }
        const abort = (): void => {
          leave()
          tidy(client, slots)
          reject(signal.reason)
        }
        const one: Waiting = {
          client,
          go () {
            leave()
            resolve(begin(client))
          }
        }
        signal.addEventListener('abort', abort)
        waiting.add(one)
      })
    }
  }
}
