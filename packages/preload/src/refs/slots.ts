import { TooManyRequestsError } from '../errors.ts'
import { createSlotQueue } from './slot-queue.ts'
import type { PreloadLimits } from '../defaults.ts'

type SlotLimits = Pick<PreloadLimits, 'running' | 'runningPerClient' | 'queued' | 'queuedPerClient'>

/** Slots for requests. Requests wait for one in the order of their arrival, but none waits because another client has reached its limit. */
export interface Slots {
  readonly running: number
  readonly queued: number
  /**
   * Resolves with a function that returns the slot. Rejects with the signal's reason, if it aborts.
   *
   * @throws {TooManyRequestsError} the queue is full
   */
  take (client: string, signal: AbortSignal): Promise<() => void>
}

/** Creates as many free slots as the limits allow. */
export function createSlots (limits: SlotLimits): Slots {
  const queue = createSlotQueue()
  /** How many slots each client has. */
  const perClient = new Map<string, number>()
  let running = 0

  function isFree (client: string): boolean {
    return running < limits.running && (perClient.get(client) ?? 0) < limits.runningPerClient
  }

  function begin (client: string): () => void {
    running++
    perClient.set(client, (perClient.get(client) ?? 0) + 1)
    let given = false

    return () => {
      if (!given) {
        given = true
        end(client)
      }
    }
  }

  function end (client: string): void {
    const left = (perClient.get(client) ?? 0) - 1
    running--

    if (left === 0) {
      perClient.delete(client)
    } else {
      perClient.set(client, left)
    }

    for (const waiting of queue) {
      if (running >= limits.running) {
        return
      }

      if (isFree(waiting.client)) {
        waiting.go()
      }
    }
  }

  return {
    get running () { return running },
    get queued () { return queue.size },

    async take (client, signal) {
      signal.throwIfAborted()

      if (isFree(client) && queue.of(client) === 0) {
        return begin(client)
      }

      if (queue.size >= limits.queued || queue.of(client) >= limits.queuedPerClient) {
        throw new TooManyRequestsError()
      }

      return queue.join(client, signal, () => begin(client))
    }
  }
}
