import type { Costs } from '../costs.ts'
import type { QuotaStore } from '@kitsune/want-router/policies'

/** The part of a namespace of Durable Objects that is used. */
export interface DurableObjectsLike {
  idFromName (name: string): unknown
  get (id: unknown): { fetch (url: string, init: { method: string, body: string, signal?: AbortSignal }): Promise<Response> }
}

/** The part of a Durable Object's state that is used. */
interface DurableStateLike {
  readonly storage: {
    get (key: string): Promise<Counter | undefined>
    put (key: string, value: Counter): Promise<void>
    setAlarm (at: number): Promise<void>
    deleteAll (): Promise<void>
  }
}

/** How much was taken in a window, by the number of the window. */
interface Counter { readonly window: number, readonly taken: number }

interface Take { readonly window: number, readonly amount: number, readonly limit: number, readonly ms: number }

const KEY = 'counter'

/**
 * A Durable Object that counts one cap for all isolates. They take a fiftieth of the cap at a time, so it is asked that often in
 * an hour or a day by each of them, whatever is served. It forgets everything when no isolate has asked for two windows.
 */
export class QuotaCounter {
  readonly #state: DurableStateLike

  constructor (state: DurableStateLike) {
    this.#state = state
  }

  async fetch (request: Request): Promise<Response> {
    const { window, amount, limit, ms } = await request.json() as Take
    const { storage } = this.#state
    // while a storage operation runs, the runtime delivers no other request
    const counter = await storage.get(KEY)
    const taken = counter?.window === window ? counter.taken : 0
    // an isolate whose clock is behind gets nothing of a window that is over
    const got = counter != null && counter.window > window ? 0 : Math.max(0, Math.min(amount, limit - taken))

    if (got > 0) {
      await storage.put(KEY, { window, taken: taken + got })
      await storage.setAlarm(Date.now() + 2 * ms)
    }

    return Response.json(got)
  }

  async alarm (): Promise<void> {
    await this.#state.storage.deleteAll()
  }
}

/** The counters of a namespace of {@link QuotaCounter}: an object for each cap. */
export function durableQuotaStore (namespace: DurableObjectsLike, costs: Costs): QuotaStore {
  return {
    async take (key, amount, { limit, window: ms, signal }) {
      const [, name, window] = /^(.*)\/(\d+)$/.exec(key) ?? []
      costs.durableRequest++
      const take: Take = { window: Number(window), amount, limit, ms }
      const response = await namespace.get(namespace.idFromName(name)).fetch('https://quotas/', { method: 'POST', body: JSON.stringify(take), signal })

      return await response.json() as number
    }
  }
}
