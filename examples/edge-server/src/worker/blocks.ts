import { cached, carSource, dudewhereIndex, dynamoIndex, kvSessions, mapIndex, r2Store, s3Store, tiered } from '@kitsune/block-source'
import { countFailures } from '../blocks/failures.ts'
import { orderedIndex } from '../blocks/ordered-index.ts'
import { createReadTurns, MAX_WEIGHT } from '../blocks/read-turns.ts'
import { createUnsent } from '../blocks/unsent.ts'
import { counted, DYNAMO_COSTS, KV_COSTS, R2_COSTS, S3_COSTS } from '../costs.ts'
import type { CheckedEnv, S3Env } from './env.ts'
import type { Unsent } from '../blocks/unsent.ts'
import type { Costs } from '../costs.ts'
import type { Counts } from '../metrics.ts'
import type { BlockIndex, BlockSource, Budget, ListingStore, R2BucketLike, ReadAheadInit } from '@kitsune/block-source'

/** The block source of an isolate, and its index. */
export interface Blocks {
  readonly source: BlockSource
  /** The index of the CARs in R2. */
  readonly index: BlockIndex
  /** What has been read for clients that have not taken it. */
  readonly unsent: Unsent
}

/** How much memory the cached blocks may take, bytes: an isolate has 128 MB. */
const BLOCK_CACHE = 16 << 20
/** How much memory the cached pages of indexes may take, bytes. */
const INDEX_CACHE = 16 << 20
/** How much memory one batch of a connection may take, bytes. */
const BATCH = 6 << 20
/** The most blocks in all batches of all connections, and in what clients have not taken, unless a single batch has more. */
const READ_TOGETHER = 48
/** How many bytes that clients have not taken count as a block. */
const UNSENT_BLOCK = 512 << 10
/** While clients have not taken more than that, bytes, the largest batch can be read. */
const MAX_UNSENT = (READ_TOGETHER - MAX_WEIGHT) * UNSENT_BLOCK
/** How many unknown blocks of one wantlist are looked up as roots: a list request costs as much as twelve reads. */
const MAX_LISTED = 8

/** Opens the buckets: blocks are read from R2, and from S3 if R2 does not have them. Nothing is read yet. */
export function openBlocks (env: CheckedEnv, budget: Budget, counts: Counts): Blocks {
  const { costs } = counts
  const open = (bucket: R2BucketLike): ListingStore => r2Store({ bucket, budget: counted(budget, costs, R2_COSTS) })
  const store = open(env.CARPARK)
  const { DUDEWHERE, SATNAV, SESSIONS, s3 } = env
  const indexes: BlockIndex[] = []

  // the map is the cheapest index
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
    // the cache must be able to hold the blocks that are read ahead for all connections
    length: () => Math.min(READS.maxSpan, BLOCK_CACHE / 2 / Math.max(1, counts.connections)),
    keep: block => { source.offer?.(block) }
  }
  const cars = carSource({ store, index, readAhead, ...READS })
  const all = s3 == null ? cars : tiered([cars, openS3(s3, budget, costs)])
  const unsent = createUnsent({ max: MAX_UNSENT })
  const turn = createReadTurns({ max: READ_TOGETHER, held: () => unsent.bytes / UNSENT_BLOCK })
  const source = cached(countFailures(all, counts.failures), { maxBytes: BLOCK_CACHE, turn })

  return { index, source, unsent }
}

/** A request costs more than reading an unused gap, so gaps may be long. A span has space for sixteen blocks of 256 KiB with their heads. */
const READS = { maxBytes: BATCH, concurrency: 2, maxGap: 1 << 20, maxSpan: 17 << 18 } as const

/** Opens the CARs in S3, whose blocks are found by a block map in the bucket, or by the table of Elastic IPFS. */
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
