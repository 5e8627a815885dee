import { cached, carSource, dudewhereIndex, kvSessions, mapIndex, r2Store } from '@kitsune/block-source'
import { orderedIndex } from '../blocks/ordered-index.ts'
import { createRequestBudget } from '../blocks/request-budget.ts'
import { counted, createCosts, KV_COSTS, R2_COSTS } from '../costs.ts'
import { parsePrivateKey } from '../identity.ts'
import { createPolicies, urlLists } from '../policies.ts'
import { checkEnv } from './env.ts'
import type { CheckedEnv, Env } from './env.ts'
import type { IsolateCounts } from './metrics.ts'
import type { RequestBudget } from '../blocks/request-budget.ts'
import type { EdgePolicies } from '../policies.ts'
import type { BlockIndex, BlockSource, ListingStore, R2BucketLike } from '@kitsune/block-source'
import type { PrivateKey } from '@libp2p/interface'

/** What all requests of an isolate share: bytes and plain data, and no promise, stream or timer. */
export interface Isolate {
  readonly env: CheckedEnv
  readonly privateKey: PrivateKey
  readonly index: BlockIndex
  readonly source: BlockSource
  readonly budget: RequestBudget
  readonly policies: EdgePolicies
  readonly counts: IsolateCounts
  /** When the denylists were last read, ms since 1970. */
  listsReadAt: number
}

/** An isolate has 128 MB: this much of it for blocks, bytes. */
const BLOCK_CACHE = 16 << 20
/** And this much for pages of indexes. */
const INDEX_CACHE = 16 << 20
/** One batch of a connection may hold this much, bytes. */
const BATCH = 6 << 20
/** How many unknown blocks of one wantlist may be roots: a list request costs twelve reads. */
const MAX_LISTED = 8
/** How often denylists are read again, ms. */
const LIST_INTERVAL = 60_000

/**
 * Opens the buckets; nothing is read yet.
 *
 * @throws {ConfigError} bindings are missing, or the identity is none
 */
export function createIsolate (unchecked: Env): Isolate {
  const env = checkEnv(unchecked)
  const budget = createRequestBudget()
  const costs = createCosts()
  const open = (bucket: R2BucketLike): ListingStore => r2Store({ bucket, budget: counted(budget, costs, R2_COSTS) })
  const store = open(env.CARPARK)
  const { DUDEWHERE, SATNAV, SESSIONS } = env
  const indexes: BlockIndex[] = []

  // the map costs least
  if (env.blockMap) {
    indexes.push(mapIndex(store, { complete: DUDEWHERE == null, cacheLength: INDEX_CACHE }))
  }

  if (DUDEWHERE != null && SATNAV != null) {
    indexes.push(dudewhereIndex({
      dudewhere: open(DUDEWHERE),
      satnav: open(SATNAV),
      maxListed: MAX_LISTED,
      ...(SESSIONS == null ? {} : { sessions: kvSessions({ kv: SESSIONS, budget: counted(budget, costs, KV_COSTS) }) })
    }))
  }

  const index = orderedIndex(indexes)
  // the console is the log of a Worker
  // eslint-disable-next-line no-console
  const policies = createPolicies({ denylists: urlLists(env.DENYLISTS), quotas: env.QUOTAS, onError: err => { console.warn(err.message) } })

  return {
    env,
    privateKey: parsePrivateKey(env.identity),
    index,
    source: cached(carSource({ store, index, maxBytes: BATCH, concurrency: 2 }), { maxBytes: BLOCK_CACHE }),
    budget,
    policies,
    counts: { costs, connections: 0, budgetsSpent: 0, blocks: 0, bytes: 0 },
    listsReadAt: -Infinity
  }
}

/** Reads the denylists, unless they were read a short while ago: by the request that comes first, and waited for by it alone. */
export async function refreshLists (isolate: Isolate, now: number = Date.now()): Promise<void> {
  if (isolate.policies.denylist != null && now - isolate.listsReadAt >= LIST_INTERVAL) {
    isolate.listsReadAt = now
    await isolate.policies.denylist.refresh()
  }
}
