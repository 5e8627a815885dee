import { createRequestBudget } from '../blocks/request-budget.ts'
import { parsePrivateKey } from '../identity.ts'
import { createCounts } from '../metrics.ts'
import { createPolicies, urlLists } from '../policies.ts'
import { openBlocks } from './blocks.ts'
import { checkEnv } from './env.ts'
import { createIsolateLists, READ_TIMEOUT } from './lists.ts'
import { durableQuotaStore } from './quota-counter.ts'
import type { Blocks } from './blocks.ts'
import type { CheckedEnv, Env } from './env.ts'
import type { IsolateLists } from './lists.ts'
import type { RequestBudget } from '../blocks/request-budget.ts'
import type { Counts } from '../metrics.ts'
import type { EdgePolicies } from '../policies.ts'
import type { PrivateKey } from '@libp2p/interface'

/** The state that all requests of an isolate share: bytes and plain data, but no promise, stream or timer. */
export interface Isolate extends Blocks {
  readonly env: CheckedEnv
  readonly privateKey: PrivateKey
  readonly budget: RequestBudget
  readonly policies: EdgePolicies
  readonly counts: Counts
  readonly lists: IsolateLists
}

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
    access: urlLists(env.ACCESS_LISTS, READ_TIMEOUT),
    denylists: urlLists(env.DENYLISTS, READ_TIMEOUT),
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

  return { env, privateKey: parsePrivateKey(env.identity), ...openBlocks(env, budget, counts), budget, policies, counts, lists: createIsolateLists(policies.reading) }
}
