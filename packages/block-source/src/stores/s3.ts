import { StoreRefusedError } from '../errors.ts'
import { readText } from '../http/body.ts'
import { httpObjects } from '../http/object-store.ts'
import { checkMaxRead } from './request.ts'
import { openBucket, s3Failure } from './s3-bucket.ts'
import { parsePage } from './s3-xml.ts'
import type { S3Bucket, S3StoreInit } from './s3-bucket.ts'
import type { HttpObjectStore } from '../http/object-store.ts'
import type { ListingStore } from '../object-store.ts'

/** A bucket's store, which can list. */
export type S3Store = HttpObjectStore & ListingStore

/** The longest page of a listing that is read, in bytes: 1,000 names of 1,024 bytes each, escaped. */
const MAX_PAGE = 8 * 1024 * 1024

/**
 * A bucket of S3, or of any server that speaks its protocol.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function s3Store (init: S3StoreInit): S3Store {
  const bucket = openBucket(init)

  const objects = httpObjects({
    client: bucket.client,
    maxRead: checkMaxRead(init),
    forbidden: init,
    server: {
      // a HEAD that fails does not say whether the object or the bucket is missing
      head: false,
      request: async (object, options) => bucket.request(object, options),
      failure: s3Failure
    }
  })

  return {
    ...objects,
    list: (prefix, options) => list(bucket, prefix, options?.signal)
  }
}

async function * list ({ name, client, request }: S3Bucket, prefix: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  let token: string | undefined

  do {
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix, ...(token == null ? {} : { 'continuation-token': token }) }
    const page = await client({
      kind: 'list',
      what: `list ${name}/${prefix}`,
      signal,
      request: async options => request('', options, query),
      async handle (attempt) {
        const { response, signal, progress } = attempt

        if (response.status === 200) {
          return parsePage(await readText(response.body, { length: MAX_PAGE, signal, progress }))
        }

        const reason = await s3Failure(`list ${name}`, attempt)
        throw reason instanceof Error ? reason : new StoreRefusedError(`list ${name}: ${reason}`, { status: response.status })
      }
    })
    yield * page.names
    token = page.next
  } while (token != null)
}
