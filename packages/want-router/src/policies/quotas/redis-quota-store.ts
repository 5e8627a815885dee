import type { QuotaStore } from './quota-store.ts'

/** The methods that are used of a client of Redis or Valkey, as ioredis and iovalkey have them. */
export interface RedisCounters {
  eval (script: string, keys: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** Options of {@link redisQuotaStore}. */
export interface RedisQuotaStoreInit {
  /**
   * A connected client, which its owner closes. Configure it to reject commands that it cannot send or that are not answered soon: with ioredis,
   * by `enableOfflineQueue: false` and a `commandTimeout`. Wants wait until then.
   */
  readonly redis: RedisCounters
  /** What the keys begin with. Default `kitsune/quotas/` */
  readonly prefix?: string
}

const DEFAULT_PREFIX = 'kitsune/quotas/'

/** Takes what is left, in one step, and lets the counter end with its window. Lua would write large numbers as 1e+15. */
const TAKE = `
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
local got = math.floor(math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - taken)))
if got > 0 then
  redis.call('INCRBY', KEYS[1], string.format('%.0f', got))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return got`

/** Counters in Redis or Valkey: a key for each cap and window. Redis removes it one window after the last lease. */
export function redisQuotaStore ({ redis, prefix = DEFAULT_PREFIX }: RedisQuotaStoreInit): QuotaStore {
  return {
    async take (key, amount, { limit, window }) {
      return Number(await redis.eval(TAKE, 1, prefix + key, ...[amount, limit, window].map(number => number.toFixed(0))))
    }
  }
}
