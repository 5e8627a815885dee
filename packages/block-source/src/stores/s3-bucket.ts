import { AwsClient } from 'aws4fetch'
import { InvalidOptionError, StoreUnavailableError } from '../errors.ts'
import { readText } from '../http/body.ts'
import { createHttpClient, statusError } from '../http/client.ts'
import { encodeName, parseUrl } from '../http/url.ts'
import type { StoreLimits } from './request.ts'
import type { Attempt, HttpClient, HttpOptions } from '../http/client.ts'
import type { ForbiddenOptions } from '../http/object-store.ts'

/** A key pair, with the names that the SDKs of S3 use. */
export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Only for temporary credentials. */
  readonly sessionToken?: string
}

/** Where an S3 bucket is, and how its requests are signed. */
export interface S3StoreInit extends HttpOptions, StoreLimits, ForbiddenOptions {
  readonly bucket: string
  /** Default `us-east-1`; for R2: `auto` */
  readonly region?: string
  /** The URL of the S3 API. Default: Amazon's in `region` */
  readonly endpoint?: string | URL
  /** Whether the bucket is in the path or in the host name. Default `path`, which every server supports */
  readonly addressing?: 'path' | 'virtual-host'
  /** The credentials, or a function that returns them before each request, for credentials that expire. Default: none, for public buckets */
  readonly credentials?: S3Credentials | (() => S3Credentials | Promise<S3Credentials>)
}

const DEFAULT_REGION = 'us-east-1'

/** Signs a request, if there are credentials. */
type Sign = (url: string, init: RequestInit) => Promise<Request>

/** Makes requests to one bucket. */
export interface S3Bucket {
  readonly name: string
  readonly client: HttpClient
  /** A request about an object, or about the bucket if the name is empty. */
  request (object: string, init: RequestInit, query?: Readonly<Record<string, string>>): Promise<Request>
}

/** Errors of status 400 that are temporary. */
const TEMPORARY = new Set(['RequestTimeout', 'SlowDown', 'Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'ServiceUnavailable', 'InternalError'])

/** @throws {InvalidOptionError} if an option is invalid */
export function openBucket (init: S3StoreInit): S3Bucket {
  const root = bucketUrl(init)
  const sign = createSigner(init, init.region ?? DEFAULT_REGION)

  return {
    name: init.bucket,
    client: createHttpClient(init),
    request: async (object, options, query = {}) => {
      const search = new URLSearchParams(query).toString()

      return sign(`${root}${object === '' ? '' : `/${encodeName(object)}`}${search === '' ? '' : `?${search}`}`, options)
    }
  }
}

function bucketUrl ({ bucket, endpoint, region = DEFAULT_REGION, addressing = 'path' }: S3StoreInit): string {
  const url = parseUrl('endpoint', endpoint ?? `https://s3.${region}.amazonaws.com`)

  if (!/^[a-zA-Z0-9][\w.-]*$/.test(bucket)) {
    throw new InvalidOptionError(`bucket must be a name of letters, digits, dots, dashes and underscores, not ${JSON.stringify(bucket)}`)
  }

  if (url.search !== '' || url.hash !== '') {
    throw new InvalidOptionError(`endpoint must not have a query or fragment: ${url.href}`)
  }

  if (addressing === 'virtual-host') {
    url.hostname = `${bucket}.${url.hostname}`

    return url.href.replace(/\/$/, '')
  }

  return `${url.href.replace(/\/$/, '')}/${bucket}`
}

function createSigner ({ credentials }: S3StoreInit, region: string): Sign {
  // signing keys, which all clients with the same secret share
  const cache = new Map<string, ArrayBuffer>()

  return async (url, init) => {
    const current = typeof credentials === 'function' ? await credentials() : credentials

    if (current == null) {
      return new Request(url, init)
    }

    // platforms and proxies change this header, so it must not be signed
    const headers = new Headers(init.headers)
    const encoding = headers.get('accept-encoding')
    headers.delete('accept-encoding')
    const request = await new AwsClient({ ...current, region, service: 's3', cache }).sign(url, { ...init, headers })

    if (encoding != null) {
      request.headers.set('accept-encoding', encoding)
    }

    return request
  }
}

/** Interprets a status that is not a success; see `ObjectServer.failure`. */
export async function s3Failure (what: string, { response, signal, progress }: Attempt): Promise<'absent' | 'forbidden' | Error> {
  const { status } = response
  const text = await readText(response.body, { signal, progress })
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? ''

  // a missing or misspelt bucket does not mean that the object is missing
  if (status === 404 && ['', 'NoSuchKey', 'NotFound'].includes(code)) {
    return 'absent'
  }

  // other errors of this status are about the key, the clock or the signature
  if (status === 403 && code === 'AccessDenied') {
    return 'forbidden'
  }

  if (status === 400 && TEMPORARY.has(code)) {
    return new StoreUnavailableError(`${what}: ${code}`, { status })
  }

  return statusError(what, response, code)
}
