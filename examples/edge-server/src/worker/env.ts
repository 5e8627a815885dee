import { ConfigError } from '../errors.ts'
import type { DurableObjectsLike } from './quota-counter.ts'
import type { KvLike, R2BucketLike } from '@kitsune/block-source'

/** The bindings, secrets and variables of the Worker, as wrangler.toml names them. */
export interface Env {
  /** R2: the CARs, and the block map that `kitsune-index` writes beside them. */
  readonly CARPARK?: R2BucketLike
  /** R2: which CARs a root has. Needs SATNAV. */
  readonly DUDEWHERE?: R2BucketLike
  /** R2: the index of each CAR. */
  readonly SATNAV?: R2BucketLike
  /** KV: the CARs that each client has been reading, for when it connects again. */
  readonly SESSIONS?: KvLike
  /** KV: a key for each denied name, and the filter of these keys, as `kitsune-edge denylist-kv` prints them. */
  readonly DENYLIST?: KvLike
  /** Durable Objects: count quotas for all isolates. Without them each isolate counts by itself. */
  readonly QUOTA_COUNTERS?: DurableObjectsLike
  /** A bucket of S3 with blocks that R2 does not have. They are found by its block map, or by DYNAMO_TABLE. */
  readonly S3_BUCKET?: string
  /** Default: Amazon's. */
  readonly S3_ENDPOINT?: string
  readonly S3_REGION?: string
  /** Secrets: the credentials of the bucket and the table. */
  readonly AWS_ACCESS_KEY_ID?: string
  readonly AWS_SECRET_ACCESS_KEY?: string
  /** The table `…-blocks-cars-position` of Elastic IPFS. */
  readonly DYNAMO_TABLE?: string
  /** Default: S3_REGION. */
  readonly DYNAMO_REGION?: string
  /** Default: Amazon's. */
  readonly DYNAMO_ENDPOINT?: string
  /** The prefix of the paths in the table, `region/bucket/`, if they name CARs in the bucket. Default: the paths are those of carpark. */
  readonly CAR_PREFIX?: string
  /** Secret: the private key, as `ipfs key export` writes it, in base64; or PEER_ID_JSON. */
  readonly IDENTITY?: string
  /** Hoverboard's name for the same. */
  readonly PEER_ID_JSON?: string
  /** `false`: CARPARK has no block map, and blocks are found by DUDEWHERE alone. */
  readonly BLOCK_MAP?: string
  /** The multiaddr that clients are told, such as /dns4/edge.example.com/tcp/443/wss. Default: that of the request. */
  readonly ADDRESS?: string
  /** The URLs of lists of clients and CIDs, separated by spaces or commas. */
  readonly ACCESS_LISTS?: string
  /** The URLs of denylists, separated by spaces or commas. */
  readonly DENYLISTS?: string
  /** How much clients may have: the options of `quotas`, as JSON. */
  readonly QUOTAS?: string
  /** `true`: /index/ serves the index to `remoteIndex` of other processes, at the cost of this account. */
  readonly INDEX_SERVICE?: string
  /** The sub-requests that a connection may make. Default {@link DEFAULT_SUB_REQUESTS}. */
  readonly SUB_REQUESTS?: string
}

/** The environment with everything that the Worker needs. */
export interface CheckedEnv extends Env {
  readonly CARPARK: R2BucketLike
  readonly identity: string
  readonly blockMap: boolean
  readonly subRequests: number
  readonly s3?: S3Env
}

/** The settings of S3, and of the table of its CARs. */
export interface S3Env {
  readonly bucket: string
  readonly endpoint?: string
  readonly region?: string
  readonly credentials: { readonly accessKeyId: string, readonly secretAccessKey: string }
  readonly table?: string
  readonly tableRegion?: string
  readonly tableEndpoint?: string
  readonly prefix?: string
}

/** A little less than the free plan of Workers allows for R2 and KV; the paid one allows 10,000 by default. */
const DEFAULT_SUB_REQUESTS = 900

/** @throws {ConfigError} with a sentence for each thing that is missing or wrong */
export function checkEnv (env: Env): CheckedEnv {
  const { CARPARK, DUDEWHERE, SATNAV, IDENTITY, PEER_ID_JSON, BLOCK_MAP = 'true', SUB_REQUESTS } = env
  const identity = IDENTITY ?? PEER_ID_JSON
  const blockMap = BLOCK_MAP !== 'false'
  const subRequests = SUB_REQUESTS == null ? DEFAULT_SUB_REQUESTS : Number(SUB_REQUESTS)
  const missing = [
    CARPARK == null && 'CARPARK is missing: bind the R2 bucket of the CARs to it, under [[r2_buckets]] in wrangler.toml.',
    identity == null && 'IDENTITY is missing: store the private key by `wrangler secret put IDENTITY`.',
    DUDEWHERE != null && SATNAV == null && 'SATNAV is missing: DUDEWHERE says which CARs a root has, and SATNAV where in a CAR a block is.',
    !blockMap && DUDEWHERE == null && 'DUDEWHERE is missing: without a block map, roots are found by DUDEWHERE and SATNAV alone.',
    env.S3_BUCKET != null && (env.AWS_ACCESS_KEY_ID == null || env.AWS_SECRET_ACCESS_KEY == null) && 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing: store the credentials of S3_BUCKET by `wrangler secret put`.',
    env.S3_BUCKET == null && env.DYNAMO_TABLE != null && 'S3_BUCKET is missing: DYNAMO_TABLE says where in it the CARs are.',
    !(Number.isInteger(subRequests) && subRequests >= 10) && `SUB_REQUESTS must be a whole number of at least 10, not ${SUB_REQUESTS}.`
  ].filter(sentence => sentence !== false)

  if (CARPARK == null || identity == null || missing.length > 0) {
    throw new ConfigError(missing.join(' '))
  }

  return { ...env, CARPARK, identity, blockMap, subRequests, s3: s3Of(env) }
}

function s3Of ({ S3_BUCKET, S3_ENDPOINT, S3_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, DYNAMO_TABLE, DYNAMO_REGION, DYNAMO_ENDPOINT, CAR_PREFIX }: Env): S3Env | undefined {
  return S3_BUCKET == null || AWS_ACCESS_KEY_ID == null || AWS_SECRET_ACCESS_KEY == null
    ? undefined
    : {
        bucket: S3_BUCKET,
        endpoint: S3_ENDPOINT,
        region: S3_REGION,
        credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
        table: DYNAMO_TABLE,
        tableRegion: DYNAMO_REGION,
        tableEndpoint: DYNAMO_ENDPOINT,
        prefix: CAR_PREFIX
      }
}
