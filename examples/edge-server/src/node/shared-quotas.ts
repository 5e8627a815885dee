import { redisQuotaStore } from '@kitsune/want-router/policies'
import { Redis } from 'ioredis'
import type { QuotaStore } from '@kitsune/want-router/policies'

/** Counters that several servers share. */
export interface SharedQuotas {
  readonly store: QuotaStore
  stop (): void
}

/** The Redis client keeps reconnecting on its own. A want waits no longer than one command may take. */
const OPTIONS = {
  enableOfflineQueue: false,
  enableReadyCheck: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  connectTimeout: 2000,
  commandTimeout: 1000,
  disconnectTimeout: 500,
  retryStrategy: (times: number): number => Math.min(100 * times, 1000)
} as const

/** Opens the counters in a Redis or Valkey. The server does not wait for Redis: while Redis does not answer, it counts by itself. */
export function shareQuotas (url: string): SharedQuotas {
  const redis = new Redis(url, OPTIONS)
  const counters = redisQuotaStore({ redis })
  // `take` reports that Redis does not answer
  redis.on('error', () => {})

  return {
    store: {
      async take (...args) {
        try {
          return await counters.take(...args)
        } catch (err) {
          throw new Error(`Redis does not answer, so this server counts its quotas by itself: ${(err as Error).message}`, { cause: err })
        }
      }
    },
    stop () { redis.disconnect() }
  }
}
