import { ObjectChangedError, StoreUnavailableError, TruncatedError, ObjectTooLargeError, OutOfRangeError, BudgetExceededError } from '../errors.ts'
import { discard, readBody } from '../http/body.ts'
import { checkRetryOptions, retry } from '../retry.ts'
import { checkMaxRead, checkName, checkRead, checkSize, nothing, outOfRange } from './request.ts'
import type { CheckedRead, StoreLimits } from './request.ts'
import type { Budget, RequestKind } from '../budget.ts'
import type { ByteStream } from '../http/body.ts'
import type { ListingStore, ObjectPart, ReadOptions } from '../object-store.ts'
import type { RetryOptions } from '../retry.ts'

/** What is used of an `R2Bucket` binding. */
export interface R2BucketLike {
  get (key: string, options: { range?: { offset: number, length?: number }, onlyIf?: { etagMatches: string } }): Promise<R2ObjectLike | null>
  head (key: string): Promise<R2ObjectLike | null>
  list (options: { prefix: string, cursor?: string }): Promise<{ readonly objects: ReadonlyArray<{ readonly key: string }>, readonly truncated: boolean, readonly cursor?: string }>
}

/** What is used of an `R2Object`, with a body unless it was only a head or a condition failed. */
export interface R2ObjectLike {
  readonly size: number
  readonly etag: string
  readonly body?: ByteStream
}

export interface R2StoreInit extends StoreLimits {
  /** The binding, e.g. `env.CARPARK`. */
  readonly bucket: R2BucketLike
  /** How to try again what failed in a way that may pass. `false`: not at all. */
  readonly retry?: RetryOptions | false
  /** Is charged for each operation, retries included. */
  readonly budget?: Budget
}

const OURS = [ObjectChangedError, OutOfRangeError, ObjectTooLargeError, TruncatedError, BudgetExceededError]

/**
 * An R2 bucket, by its binding in a Worker. A binding does not say why an
 * operation failed, so every failure but those of a range counts as one that
 * may pass.
 *
 * @throws {InvalidOptionError} if an option cannot be meant
 */
export function r2Store (init: R2StoreInit): ListingStore {
  const { bucket, budget } = init
  const maxRead = checkMaxRead(init)
  checkRetryOptions(init.retry)

  /** One operation, abandoned when its signal aborts: the binding has no way to stop it. */
  async function call<T> (kind: RequestKind, what: string, signal: AbortSignal | undefined, operation: () => Promise<T>, late?: (result: T) => void): Promise<T> {
    budget?.spend(kind)
    try {
      return await orAborted(operation(), signal, late)
    } catch (err) {
      signal?.throwIfAborted()
      throw new StoreUnavailableError(`${what}: ${err instanceof Error ? err.message : String(err)}`, { cause: err })
    }
  }

  async function head (object: string, signal: AbortSignal | undefined): Promise<R2ObjectLike | null> {
    return call('stat', `head ${object}`, signal, async () => bucket.head(object))
  }

  async function get (object: string, range: CheckedRead, { ifMatch, signal }: ReadOptions): Promise<R2ObjectLike | null> {
    const { offset, length, ranged } = range

    try {
      return await call('read', `get ${object}`, signal, async () => bucket.get(object, {
        ...(ranged ? { range: length == null ? { offset } : { offset, length } } : {}),
        ...(ifMatch == null ? {} : { onlyIf: { etagMatches: ifMatch } })
      }), late => { discard(late?.body).catch(() => {}) })
    } catch (err) {
      // R2 throws where a range begins behind the end, and does not reliably say that it is for that
      const found = ranged && err instanceof StoreUnavailableError ? await head(object, signal) : undefined
      if (found === null) {
        return null
      }
      if (found != null && ifMatch != null && found.etag !== ifMatch) {
        return found
      }
      if (found != null && offset >= found.size) {
        if (offset > 0) {
          throw outOfRange(object, offset, found.size)
        }
        return found
      }
      throw err
    }
  }

  async function read (object: string, range: CheckedRead, options: ReadOptions): Promise<ObjectPart | undefined> {
    const { ifMatch, signal } = options
    const found = await get(object, range, options)

    if (found == null) {
      return undefined
    }
    const { body, size, etag } = found
    try {
      // an object without a body is one whose condition failed
      if ((ifMatch != null && etag !== ifMatch) || (body == null && size > 0)) {
        throw new ObjectChangedError(`${object} is ${etag}, not ${ifMatch}`)
      }
      const count = checkSize(object, range, size, maxRead)
      const { bytes } = await readBody(body ?? null, { length: count, expected: count, max: maxRead, signal })
      if (bytes.byteLength < count) {
        throw new TruncatedError(`${object}, offset ${range.offset}: ${bytes.byteLength} bytes of ${count} arrived`)
      }
      return { bytes, size, etag }
    } catch (err) {
      if (body?.locked !== true) {
        await discard(body)
      }
      signal?.throwIfAborted()
      throw OURS.some(kind => err instanceof kind) ? err : new StoreUnavailableError(`get ${object}: ${String(err)}`, { cause: err })
    }
  }

  return {
    async read (object, options = {}) {
      const range = checkRead(object, options, maxRead)
      return range.length === 0 ? nothing() : retry(async () => read(object, range, options), init.retry, options.signal)
    },

    async stat (object, { signal } = {}) {
      checkName(object)
      const found = await retry(async () => head(object, signal), init.retry, signal)
      return found == null ? undefined : { size: found.size, etag: found.etag }
    },

    async * list (prefix, { signal } = {}) {
      let cursor: string | undefined
      do {
        const options = { prefix, ...(cursor == null ? {} : { cursor }) }
        const page = await retry(async () => call('list', `list ${prefix}`, signal, async () => bucket.list(options)), init.retry, signal)
        yield * page.objects.map(({ key }) => key)
        if (page.truncated && page.cursor == null) {
          throw new StoreUnavailableError(`list ${prefix}: it is incomplete, and does not say how to go on`)
        }
        cursor = page.truncated ? page.cursor : undefined
      } while (cursor != null)
    }
  }
}

/** What `promise` becomes, unless the signal aborts first; what it becomes after that is given to `late`. */
async function orAborted<T> (promise: Promise<T>, signal: AbortSignal | undefined, late?: (result: T) => void): Promise<T> {
  if (signal == null) {
    return promise
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => { reject(signal.reason) }
    signal.addEventListener('abort', abort, { once: true })

    if (signal.aborted) {
      abort()
    }
    promise.then(result => {
      if (signal.aborted) {
        late?.(result)
      }
      resolve(result)
    }, reject).finally(() => { signal.removeEventListener('abort', abort) })
  })
}
