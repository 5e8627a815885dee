import { AwsClient } from 'aws4fetch'
import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError, StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { readText } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { parseUrl } from '../http/url.ts'
import { carName } from './car-names.ts'
import { locateEach } from './locate-each.ts'
import { parseMultihash } from './multihash.ts'
import { isObject, parseJson } from './remote-format.ts'
import { SharedReads } from './shared-reads.ts'
import type { BlockIndex, Location } from '../block-index.ts'
import type { HttpOptions } from '../http/client.ts'
import type { S3Credentials } from '../stores/s3-bucket.ts'

export interface DynamoIndexInit extends HttpOptions {
  /** Its partition key is `blockmultihash`, its sort key `carpath`; rows have `offset` and `length` of the block. */
  readonly table: string
  readonly region: string
  /** Default: that of Amazon in `region` */
  readonly endpoint?: string | URL
  /** Whose requests these are, or what returns that before each request. */
  readonly credentials: S3Credentials | (() => S3Credentials | Promise<S3Credentials>)
  /**
   * The name of an object, by the `carpath` of a row; undefined if it has none
   * in the store of the source. Default: {@link carparkPath}
   */
  carPath? (carpath: string): string | undefined
  /** Whether all blocks there are have a row, so that a miss is certain. Default false */
  readonly complete?: boolean
  /** How many multihashes are looked up at a time. Default 6 */
  readonly concurrency?: number
  /** The most locations of a block: popular ones have very many rows. Default 10 */
  readonly maxLocations?: number
}

/** What a page may have: rows of 1 MiB, as JSON. */
const MAX_PAGE = 4 << 20

/** Pages that are empty are followed by others; more in a row than these are taken for a failure. */
const MAX_PAGES = 100

/** Longer ones have no row, since a key has at most 2,048 bytes. */
const MAX_MULTIHASH = 1_490

/** Of status 400, but meant for later. */
const LATER = /(?:ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded|LimitExceeded|InternalServerError|ItemCollectionSizeLimit|TransactionInProgress)/

/**
 * The table of Elastic IPFS: from the multihash of a block to the CARs that have
 * it, and where. A lookup is one query.
 *
 * @throws {InvalidOptionError} if an option cannot be meant
 */
export function dynamoIndex (init: DynamoIndexInit): BlockIndex {
  const { table, region, credentials, carPath = carparkPath, complete = false, concurrency = DEFAULTS.indexReads, maxLocations = DEFAULTS.maxLocations } = init
  const url = parseUrl('endpoint', init.endpoint ?? `https://dynamodb.${region}.amazonaws.com`).href
  const client = createHttpClient(init)
  const cache = new Map<string, ArrayBuffer>()

  if (!/^[\w.-]{3,255}$/.test(table)) {
    throw new InvalidOptionError(`table is a name of letters, digits, dots, dashes and underscores, not ${JSON.stringify(table)}`)
  }

  async function query (key: string, start: unknown, signal?: AbortSignal): Promise<Page> {
    const what = `query ${table} for ${key}`
    const body = JSON.stringify({
      TableName: table,
      KeyConditionExpression: 'blockmultihash = :key',
      ExpressionAttributeValues: { ':key': { S: key } },
      ProjectionExpression: 'carpath, #offset, #length',
      ExpressionAttributeNames: { '#offset': 'offset', '#length': 'length' },
      Limit: maxLocations,
      ...(start == null ? {} : { ExclusiveStartKey: start })
    })

    return client({
      kind: 'fetch',
      what,
      signal,
      async request (options) {
        const whose = typeof credentials === 'function' ? await credentials() : credentials

        return new AwsClient({ ...whose, region, service: 'dynamodb', cache }).sign(url, {
          ...options,
          method: 'POST',
          headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.Query' },
          body
        })
      },
      async handle ({ response, signal, progress }) {
        const text = await readText(response.body, { length: MAX_PAGE, signal, progress })

        if (response.status === 200) {
          return parsePage(text, what)
        }

        const reason = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]*)"/.exec(text)?.[1] ?? ''

        throw response.status === 400 && LATER.test(reason)
          ? new StoreUnavailableError(`${what}: ${reason}`, { status: 400 })
          : statusError(what, response, reason)
      }
    })
  }

  async function locate (multihash: Uint8Array, signal?: AbortSignal): Promise<Location[]> {
    if (multihash.byteLength > MAX_MULTIHASH || parseMultihash(multihash) == null) {
      return []
    }

    const key = base58btc.encode(multihash)
    const locations: Location[] = []
    let unnamed: string | undefined
    let start: unknown

    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const { rows, next } = await query(key, start, signal)

      for (const { carpath, offset, length } of rows) {
        const object = carPath(carpath)

        if (object == null) {
          unnamed = carpath
        } else {
          locations.push({ object, offset, length, at: 'block' })
        }
      }

      if (next == null || locations.length >= maxLocations) {
        if (locations.length === 0 && unnamed != null) {
          throw new StoreRefusedError(`${key} is in ${unnamed}, which has no name in the store`)
        }

        return locations.slice(0, maxLocations)
      }

      start = next
    }

    throw new StoreUnavailableError(`query ${table} for ${key}: ${MAX_PAGES} pages did not end it`)
  }

  return {
    complete,
    locate: async (multihashes, options = {}) => {
      return locateEach(multihashes, { concurrency, lookupReads: () => new SharedReads() }, options, async (multihash, { signal }) => locate(multihash, signal))
    }
  }
}

/**
 * The name in CARPARK of a CAR that Elastic IPFS has indexed: of a path that ends
 * with `<multihash in base32>.car`, of one that ends with `<CID>/<CID>.car`, or of
 * a URL of a `.blob`. Of others, such as `…/complete/<root>.car`, it is unknown.
 */
export function carparkPath (carpath: string): string | undefined {
  const [, blob] = /^https?:\/\/[^/]+\/((?:.*\/)?[^/]+\/[^/]+\.(?:blob|car))$/.exec(carpath) ?? []
  const [, folder, name] = /(?:^|\/)([^/]+)\/([^/]+)\.car$/.exec(carpath) ?? []

  if (blob != null) {
    return blob
  }

  if (folder === name && name?.startsWith('bag') === true) {
    return `${name}/${name}.car`
  }

  try {
    return name?.startsWith('ciq') === true ? carName(base32.baseDecode(name)) : undefined
  } catch {
    return undefined
  }
}

interface Row {
  readonly carpath: string
  readonly offset: number
  readonly length: number
}

interface Page {
  readonly rows: readonly Row[]
  /** Where the next page begins; undefined: this was the last. */
  readonly next: unknown
}

/** @throws {StoreRefusedError} if it is none, or a row is not as it should be */
function parsePage (text: string, what: string): Page {
  const page = parseJson(text)

  if (!isObject(page) || !Array.isArray(page.Items)) {
    throw new StoreRefusedError(`${what}: this is not how DynamoDB answers`)
  }

  return { rows: page.Items.map(item => parseRow(item, what)), next: page.LastEvaluatedKey }
}

function parseRow (item: unknown, what: string): Row {
  const value = (name: string, type: 'S' | 'N'): unknown => {
    const attribute = isObject(item) ? item[name] : undefined

    return isObject(attribute) ? attribute[type] : undefined
  }
  const carpath = value('carpath', 'S')
  const [offset, length] = ['offset', 'length'].map(name => Number(value(name, 'N') ?? NaN))

  if (typeof carpath !== 'string' || !Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new StoreRefusedError(`${what}: a row without a path, an offset or a length`)
  }

  return { carpath, offset, length }
}
