import { AwsClient } from 'aws4fetch'
import { InvalidOptionError, StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { readText } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { parseUrl } from '../http/url.ts'
import { isObject, parseJson } from './remote-format.ts'
import type { HttpOptions } from '../http/client.ts'
import type { S3Credentials } from '../stores/s3-bucket.ts'

/** A table of DynamoDB that says where blocks are, and how it is reached. */
export interface DynamoTableInit extends HttpOptions {
  /** Its partition key is `blockmultihash`, its sort key `carpath`; rows have `offset` and `length` of the block. */
  readonly table: string
  readonly region: string
  /** Default: that of Amazon in `region` */
  readonly endpoint?: string | URL
  /** The credentials that sign the requests, or a function that returns them before each request. */
  readonly credentials: S3Credentials | (() => S3Credentials | Promise<S3Credentials>)
}

/** Asks for a page of the rows of one block: the first, or the one that begins at `start`. */
export type DynamoQuery = (key: string, options: { readonly limit: number, readonly start?: unknown, readonly signal?: AbortSignal }) => Promise<DynamoPage>

interface DynamoPage {
  readonly rows: readonly DynamoRow[]
  /** Where the next page begins; undefined: this was the last. */
  readonly next: unknown
}

interface DynamoRow {
  readonly carpath: string
  readonly offset: number
  readonly length: number
}

/** The longest page that is read, in bytes: DynamoDB returns at most 1 MiB of rows, which are longer as JSON. */
const MAX_PAGE = 4 << 20

/** Errors of status 400 that are temporary. */
const TEMPORARY = /(?:ProvisionedThroughputExceeded|Throttling|RequestLimitExceeded|LimitExceeded|InternalServerError|ItemCollectionSizeLimit|TransactionInProgress)/

/** @throws {InvalidOptionError} if an option is invalid */
export function createDynamoQuery (init: DynamoTableInit): DynamoQuery {
  const { table, region, credentials } = init
  const url = parseUrl('endpoint', init.endpoint ?? `https://dynamodb.${region}.amazonaws.com`).href
  const client = createHttpClient(init)
  const cache = new Map<string, ArrayBuffer>()

  if (!/^[\w.-]{3,255}$/.test(table)) {
    throw new InvalidOptionError(`table must be a name of letters, digits, dots, dashes and underscores, not ${JSON.stringify(table)}`)
  }

  return async (key, { limit, start, signal }) => {
    const what = describeQuery(table, key)
    const body = JSON.stringify({
      TableName: table,
      KeyConditionExpression: 'blockmultihash = :key',
      ExpressionAttributeValues: { ':key': { S: key } },
      ProjectionExpression: 'carpath, #offset, #length',
      ExpressionAttributeNames: { '#offset': 'offset', '#length': 'length' },
      Limit: limit,
      ...(start == null ? {} : { ExclusiveStartKey: start })
    })

    return client({
      kind: 'fetch',
      what,
      signal,
      async request (options) {
        const current = typeof credentials === 'function' ? await credentials() : credentials

        return new AwsClient({ ...current, region, service: 'dynamodb', cache }).sign(url, {
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

        throw response.status === 400 && TEMPORARY.test(reason)
          ? new StoreUnavailableError(`${what}: ${reason}`, { status: 400 })
          : statusError(what, response, reason)
      }
    })
  }
}

/** What a query is called in errors. */
export function describeQuery (table: string, key: string): string {
  return `query ${table} for ${key}`
}

/** @throws {StoreRefusedError} if it is not a page, or a row is invalid */
function parsePage (text: string, what: string): DynamoPage {
  const page = parseJson(text)

  if (!isObject(page) || !Array.isArray(page.Items)) {
    throw new StoreRefusedError(`${what}: the response is not one of DynamoDB`)
  }

  return { rows: page.Items.map(item => parseRow(item, what)), next: page.LastEvaluatedKey }
}

function parseRow (item: unknown, what: string): DynamoRow {
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
