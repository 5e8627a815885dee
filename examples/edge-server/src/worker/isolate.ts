import { createRequestBudget } from '../blocks/request-budget.ts'
import { parsePrivateKey } from '../identity.ts'
import { createCounts } from '../metrics.ts'
import { createPolicies, urlLists } from '../policies.ts'
import { openBlocks } from './blocks.ts'
import { checkEnv } from './env.ts'
import { durableQuotaStore } from './quota-counter.ts'
import type { Blocks } from './blocks.ts'
import type { CheckedEnv, Env } from './env.ts'
import type { RequestBudget } from '../blocks/request-budget.ts'
import type { Counts } from '../metrics.ts'
import type { EdgePolicies } from '../policies.ts'
import type { PrivateKey } from '@libp2p/interface'

/** What all requests of an isolate share: bytes and plain data, and no promise, stream or timer. */
export interface Isolate extends Blocks {
  readonly env: CheckedEnv
  readonly privateKey: PrivateKey
  readonly budget: RequestBudget
  readonly policies: EdgePolicies
  readonly counts: Counts
  /** When lists were last read, ms since 1970. */
  listsReadAt: number
}

/** How often lists are read again, ms. */
const LIST_INTERVAL = 60_000

/**
 * Opens the buckets; nothing is read yet.
 *
 * @throws {ConfigError} bindings are missing, or the identity is invalid
 */
export function createIsolate (unchecked: Env): Isolate {
  const env = checkEnv(unchecked)
  const budget = createRequestBudget()
  const counts = createCounts()
  const { costs } = counts
  const { DENYLIST, QUOTA_COUNTERS } = env
  const policies = createPolicies({
    access: urlLists(env.ACCESS_LISTS),
    denylists: urlLists(env.DENYLISTS),
    denylistStore: DENYLIST == null
      ? undefined
      : {
          async get (key) {
            costs.kvRead++

            return DENYLIST.get(key)
          }
        },
    quotas: env.QUOTAS,
    quotaStore: QUOTA_COUNTERS == null ? undefined : durableQuotaStore(QUOTA_COUNTERS, costs),
    // the console is the log of a Worker
    // eslint-disable-next-line no-console
    onError: err => { console.warn(err.message) }
  })

  return { env, privateKey: parsePrivateKey(env.identity), ...openBlocks(env, budget, counts), budget, policies, counts, listsReadAt: -Infinity }
}

/** Reads denylists and access lists, unless they were read a short while ago. Only the first request after that reads them, and waits for them. */
export async function refreshLists (isolate: Isolate, now: number = Date.now()): Promise<void> {
  if (isolate.policies.reading.length > 0 && now - isolate.listsReadAt >= LIST_INTERVAL) {
    isolate.listsReadAt = now
    await Promise.all(isolate.policies.reading.map(async policy => policy.refresh()))
  }
}
