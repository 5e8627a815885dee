import { cached, carSource, dudewhereIndex, dynamoIndex, kvSessions, mapIndex, r2Store, s3Store, tiered } from '@kitsune/block-source'
import { countFailures } from '../blocks/failures.ts'
import { orderedIndex } from '../blocks/ordered-index.ts'
import { createReadTurns } from '../blocks/read-turns.ts'
import { counted, DYNAMO_COSTS, KV_COSTS, R2_COSTS, S3_COSTS } from '../costs.ts'
import type { CheckedEnv, S3Env } from './env.ts'
import type { Costs } from '../costs.ts'
import type { Counts } from '../metrics.ts'
import type { BlockIndex, BlockSource, Budget, ListingStore, R2BucketLike, ReadAheadInit } from '@kitsune/block-source'

/** Where the blocks of an isolate come from. */
export interface Blocks {
  readonly source: BlockSource
  /** Of the CARs in R2. */
  readonly index: BlockIndex
}

/** An isolate has 128 MB: this much of it for blocks, bytes. */
const BLOCK_CACHE = 16 << 20
/** And this much for pages of indexes. */
const INDEX_CACHE = 16 << 20
/** One batch of a connection may hold this much, bytes. */
const BATCH = 6 << 20
/** The most blocks in all batches of all connections, unless one alone has more. */
const READ_TOGETHER = 48
/** How many unknown blocks of one wantlist may be roots: a list request costs twelve reads. */
const MAX_LISTED = 8

/** Opens the buckets: R2, and what is only in S3 from there. Nothing is read yet. */
export function openBlocks (env: CheckedEnv, budget: Budget, counts: Counts): Blocks {
  const { costs } = counts
  const open = (bucket: R2BucketLike): ListingStore => r2Store({ bucket, budget: counted(budget, costs, R2_COSTS) })
  const store = open(env.CARPARK)
  const { DUDEWHERE, SATNAV, SESSIONS, s3 } = env
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
  const readAhead: ReadAheadInit = {
    // so that the cache holds the blocks that are read ahead for all connections together
    length: () => Math.min(READS.maxSpan, BLOCK_CACHE / 2 / Math.max(1, counts.connections)),
    keep: block => { source.offer?.(block) }
  }
  const cars = carSource({ store, index, readAhead, ...READS })
  const all = s3 == null ? cars : tiered([cars, openS3(s3, budget, costs)])
  const source = cached(countFailures(all, counts.failures), { maxBytes: BLOCK_CACHE, turn: createReadTurns({ max: READ_TOGETHER }) })

  return { index, source }
}

/** A request costs more than reading a gap that is not used. A span has sixteen blocks of 256 KiB, and their heads. */
const READS = { maxBytes: BATCH, concurrency: 2, maxGap: 1 << 20, maxSpan: 17 << 18 } as const

/** CARs in S3: by a block map in the bucket, or by the table of Elastic IPFS. */
function openS3 ({ bucket, endpoint, region, credentials, table, tableRegion, tableEndpoint, prefix }: S3Env, budget: Budget, costs: Costs): BlockSource {
  const store = s3Store({ bucket, endpoint, region, credentials, budget: counted(budget, costs, S3_COSTS) })
  const index = table == null
    ? mapIndex(store, { complete: true, cacheLength: INDEX_CACHE / 4 })
    : dynamoIndex({
      table,
      region: tableRegion ?? region ?? 'us-east-1',
      endpoint: tableEndpoint,
      credentials,
      budget: counted(budget, costs, DYNAMO_COSTS),
      ...(prefix == null ? {} : { carPath: path => path.startsWith(prefix) ? path.slice(prefix.length) : undefined })
    })

  return carSource({ store, index, ...READS })
}
