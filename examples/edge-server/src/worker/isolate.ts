import { cached, carSource, dudewhereIndex, kvSessions, mapIndex, r2Store } from '@kitsune/block-source'
import { orderedIndex } from '../blocks/ordered-index.ts'
import { createRequestBudget } from '../blocks/request-budget.ts'
import { parsePrivateKey } from '../identity.ts'
import { checkEnv } from './env.ts'
import type { CheckedEnv, Env } from './env.ts'
import type { RequestBudget } from '../blocks/request-budget.ts'
import type { BlockIndex, BlockSource } from '@kitsune/block-source'
import type { PrivateKey } from '@libp2p/interface'

/** What all requests of an isolate share: bytes and plain data, and no promise, stream or timer. */
export interface Isolate {
  readonly env: CheckedEnv
  readonly privateKey: PrivateKey
  readonly index: BlockIndex
  readonly source: BlockSource
  readonly budget: RequestBudget
}

/** An isolate has 128 MB: this much of it for blocks, bytes. */
const BLOCK_CACHE = 16 << 20
/** And this much for pages of indexes. */
const INDEX_CACHE = 16 << 20
/** One batch of a connection may hold this much, bytes. */
const BATCH = 6 << 20

/**
 * Opens the buckets; nothing is read yet.
 *
 * @throws {ConfigError} bindings are missing, or the identity is none
 */
export function createIsolate (unchecked: Env): Isolate {
  const env = checkEnv(unchecked)
  const { CARPARK, DUDEWHERE, SATNAV, SESSIONS } = env
  const budget = createRequestBudget()
  const store = r2Store({ bucket: CARPARK, budget })
  const indexes: BlockIndex[] = []

  if (env.blockMap) {
    indexes.push(mapIndex(store, { complete: DUDEWHERE == null, cacheLength: INDEX_CACHE }))
  }

  if (DUDEWHERE != null && SATNAV != null) {
    indexes.push(dudewhereIndex({
      dudewhere: r2Store({ bucket: DUDEWHERE, budget }),
      satnav: r2Store({ bucket: SATNAV, budget }),
      ...(SESSIONS == null ? {} : { sessions: kvSessions({ kv: SESSIONS, budget }) })
    }))
  }

  const index = orderedIndex(indexes)

  return { env, privateKey: parsePrivateKey(env.identity), index, budget, source: cached(carSource({ store, index, maxBytes: BATCH, concurrency: 2 }), { maxBytes: BLOCK_CACHE }) }
}
