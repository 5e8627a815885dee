import { AwsClient } from 'aws4fetch'
import { InvalidOptionError, StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { readText } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { httpObjects } from '../http/object-store.ts'
import { encodeName, parseUrl } from '../http/url.ts'
import { checkMaxRead } from './request.ts'
import { parsePage } from './s3-list.ts'
import type { StoreLimits } from './request.ts'
import type { Attempt, HttpClient, HttpOptions } from '../http/client.ts'
import type { ForbiddenOptions, HttpObjectStore } from '../http/object-store.ts'
import type { ListingStore } from '../object-store.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string
}

export interface S3StoreInit extends HttpOptions, StoreLimits, ForbiddenOptions {
  readonly bucket: string
  /** Default `us-east-1`; R2 takes `auto` */
  readonly region?: string
  /** Where the S3 API is. Default: that of Amazon in `region` */
  readonly endpoint?: string | URL
  /** Whether the bucket is in the path or in the name of the host. Default `path`, which every server knows */
  readonly addressing?: 'path' | 'virtual-host'
  /** Whose requests these are, or what returns that before each request, for credentials that expire. Default: nobody's, for public buckets */
  readonly credentials?: S3Credentials | (() => S3Credentials | Promise<S3Credentials>)
}

/** A bucket's store, which can list. */
export type S3Store = HttpObjectStore & ListingStore

type Sign = (url: string, init: RequestInit) => Promise<Request>

/** Of status 400, but meant for later. */
const LATER = new Set(['RequestTimeout', 'SlowDown', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'ServiceUnavailable', 'InternalError'])
/** The most that a page of a listing may have: 1,000 names of 1,024 bytes each, escaped. */
const MAX_PAGE = 8 * 1024 * 1024

/**
 * A bucket of S3, or of any server that speaks its protocol.
 *
 * @throws {InvalidOptionError} if an option cannot be meant
 */
export function s3Store (init: S3StoreInit): S3Store {
  const { bucket, region = 'us-east-1' } = init
  const root = bucketUrl(init)
  const sign = createSigner(init, region)
  const client = createHttpClient(init)

  const objects = httpObjects({
    client,
    maxRead: checkMaxRead(init),
    forbidden: init,
    server: {
      // a HEAD that fails does not say whether the object or the bucket is missing
      head: false,
      request: async (object, options) => sign(`${root}/${encodeName(object)}`, options),
      failure
    }
  })

  return {
    ...objects,
    list: (prefix, options) => list({ client, sign, root, bucket, prefix, signal: options?.signal })
  }
}

function bucketUrl ({ bucket, endpoint, region = 'us-east-1', addressing = 'path' }: S3StoreInit): string {
  const url = parseUrl('endpoint', endpoint ?? `https://s3.${region}.amazonaws.com`)

  if (!/^[a-zA-Z0-9][\w.-]*$/.test(bucket)) {
    throw new InvalidOptionError(`bucket is a name of letters, digits, dots, dashes and underscores, not ${JSON.stringify(bucket)}`)
  }
  if (url.search !== '' || url.hash !== '') {
    throw new InvalidOptionError(`endpoint has neither query nor fragment: ${url.href}`)
  }
  if (addressing === 'virtual-host') {
    url.hostname = `${bucket}.${url.hostname}`
    return url.href.replace(/\/$/, '')
  }
  return `${url.href.replace(/\/$/, '')}/${bucket}`
}

function createSigner ({ credentials }: S3StoreInit, region: string): Sign {
  // keys derived of a secret are kept here, whichever client uses them
  const cache = new Map<string, ArrayBuffer>()

  return async (url, init) => {
    const whose = typeof credentials === 'function' ? await credentials() : credentials

    if (whose == null) {
      return new Request(url, init)
    }
    // platforms and proxies change it under way, so it must not be signed
    const headers = new Headers(init.headers)
    const encoding = headers.get('accept-encoding')
    headers.delete('accept-encoding')
    const request = await new AwsClient({ ...whose, region, service: 's3', cache }).sign(url, { ...init, headers })
    if (encoding != null) {
      request.headers.set('accept-encoding', encoding)
    }
    return request
  }
}

async function failure (what: string, { response, signal, progress }: Attempt): Promise<'absent' | 'forbidden' | Error> {
  const { status } = response
  const text = await readText(response.body, { signal, progress })
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? ''

  // a bucket that is missing, or misspelt, is no missing object
  if (status === 404 && ['', 'NoSuchKey', 'NotFound'].includes(code)) {
    return 'absent'
  }
  // what else has this status is about the key, the clock or the signature
  if (status === 403 && code === 'AccessDenied') {
    return 'forbidden'
  }
  if (status === 400 && LATER.has(code)) {
    return new StoreUnavailableError(`${what}: ${code}`, { status })
  }
  return statusError(what, response, code)
}

interface Listing {
  readonly client: HttpClient
  readonly sign: Sign
  readonly root: string
  readonly bucket: string
  readonly prefix: string
  readonly signal: AbortSignal | undefined
}

async function * list ({ client, sign, root, bucket, prefix, signal }: Listing): AsyncGenerator<string> {
  let token: string | undefined

  do {
    const query = new URLSearchParams({ 'list-type': '2', 'encoding-type': 'url', prefix, ...(token == null ? {} : { 'continuation-token': token }) })
    const page = await client({
      kind: 'list',
      what: `list ${bucket}/${prefix}`,
      signal,
      request: async options => sign(`${root}?${query}`, options),
      async handle (attempt) {
        const { response, signal, progress } = attempt
        if (response.status === 200) {
          return parsePage(await readText(response.body, { length: MAX_PAGE, signal, progress }))
        }
        const reason = await failure(`list ${bucket}`, attempt)
        throw reason instanceof Error ? reason : new StoreRefusedError(`list ${bucket}: ${reason}`, { status: response.status })
      }
    })
    yield * page.names
    token = page.next
  } while (token != null)
}
