import { ObjectChangedError, StoreRefusedError } from '../errors.ts'
import { discard } from '../http/body.ts'
import { sha256 } from '../map/sha256.ts'
import { checkName } from './request.ts'
import { s3Failure } from './s3-bucket.ts'
import type { S3Bucket } from './s3-bucket.ts'
import type { Attempt } from '../http/client.ts'
import type { PutOptions } from '../map/map-store.ts'

/** A request that changes the bucket. */
export interface S3Write<T> {
  readonly method: 'PUT' | 'POST' | 'DELETE'
  readonly object: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
  /** Reads or cancels the body of a success. */
  handle (attempt: Attempt): Promise<T>
  /** Called if the object does not exist; returns the result. Default: throws a `StoreRefusedError` */
  missing? (): T
}

/**
 * Makes a request that changes the bucket, and retries it after a temporary failure. It sends
 * the hash of the body, so that the server refuses a damaged one.
 *
 * @throws {ObjectChangedError} if a condition does not hold
 */
export async function s3Write<T> (bucket: S3Bucket, { method, object, query, headers, body, signal, handle, missing }: S3Write<T>): Promise<T> {
  checkName(object)
  const what = `${method} ${object}`
  const hash = Array.from(await sha256(body ?? new Uint8Array()), byte => byte.toString(16).padStart(2, '0')).join('')

  return bucket.client({
    // class A, as a list is
    kind: 'list',
    what,
    signal,
    request: async init => bucket.request(object, {
      ...init,
      method,
      headers: { 'x-amz-content-sha256': hash, ...headers },
      ...(body == null ? {} : { body: body as Uint8Array<ArrayBuffer> })
    }, query),
    async handle (attempt) {
      const { response } = attempt

      if (response.ok) {
        return handle(attempt)
      }

      // 409: another writer wrote the object at the same moment
      if (response.status === 412 || response.status === 409) {
        await discard(response.body)
        throw new ObjectChangedError(`${what}: the condition does not hold`)
      }

      const failure = await s3Failure(what, attempt)

      if (failure === 'absent' && missing != null) {
        return missing()
      }

      throw failure instanceof Error ? failure : new StoreRefusedError(`${what}: ${failure}`, { status: response.status })
    }
  })
}

/** Writes an object with one request. */
export async function s3Put (bucket: S3Bucket, object: string, bytes: Uint8Array, { ifMatch, ifAbsent, signal }: PutOptions = {}): Promise<void> {
  await s3Write(bucket, {
    method: 'PUT',
    object,
    body: bytes,
    headers: { ...(ifAbsent === true ? { 'if-none-match': '*' } : {}), ...(ifMatch == null ? {} : { 'if-match': ifMatch }) },
    signal,
    handle: async ({ response }) => discard(response.body),
    missing () {
      throw new ObjectChangedError(`${object} does not exist, so it is not ${ifMatch}`)
    }
  })
}

/** Removes an object, if it exists. */
export async function s3Remove (bucket: S3Bucket, object: string, signal?: AbortSignal): Promise<void> {
  await s3Write(bucket, {
    method: 'DELETE',
    object,
    signal,
    handle: async ({ response }) => discard(response.body),
    // some servers report that it does not exist; S3 does not
    missing () {}
  })
}
