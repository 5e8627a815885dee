import { ObjectChangedError, StoreUnavailableError, TruncatedError, ObjectTooLargeError, OutOfRangeError, BudgetExceededError } from '../errors.ts'
import { discard, readBody } from '../http/body.ts'
import { readInto } from '../http/read-into.ts'
import { checkRetryOptions, retry } from '../retry.ts'
import { checkMaxRead, checkName, checkRead, checkSize, nothing, outOfRange } from './request.ts'
import type { CheckedRead, StoreLimits } from './request.ts'
import type { Budget, RequestKind } from '../budget.ts'
import type { ByteStream } from '../http/body.ts'
import type { ListingStore, ObjectPart, ReadOptions } from '../object-store.ts'
import type { RetryOptions } from '../retry.ts'

/** The parts of an `R2Bucket` binding that are used. */
export interface R2BucketLike {
  get (key: string, options: { range?: { offset: number, length?: number }, onlyIf?: { etagMatches: string } }): Promise<R2ObjectLike | null>
  head (key: string): Promise<R2ObjectLike | null>
  list (options: { prefix: string, cursor?: string }): Promise<{ readonly objects: ReadonlyArray<{ readonly key: string }>, readonly truncated: boolean, readonly cursor?: string }>
}

/** The parts of an `R2Object` that are used. It has no body after a head request or a failed condition. */
export interface R2ObjectLike {
  readonly size: number
  readonly etag: string
  readonly body?: ByteStream
}

/** Options of {@link r2Store}. */
export interface R2StoreInit extends StoreLimits {
  /** The binding, e.g. `env.CARPARK`. */
  readonly bucket: R2BucketLike
  /** How to retry temporary failures. `false`: not at all. */
  readonly retry?: RetryOptions | false
  /** Is charged for each operation, including retries. */
  readonly budget?: Budget
}

const OURS = [ObjectChangedError, OutOfRangeError, ObjectTooLargeError, TruncatedError, BudgetExceededError]

/**
 * Reads an R2 bucket by its binding in a Worker. A binding does not say why an operation
 * failed, so every failure counts as temporary, except those of a range.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function r2Store (init: R2StoreInit): ListingStore {
  const operations = new R2Operations(init)
  const maxRead = checkMaxRead(init)
  checkRetryOptions(init.retry)

  return {
    async read (object, options = {}) {
      const range = checkRead(object, options, maxRead)

      const read = async (): Promise<ObjectPart | undefined> => {
        const found = await operations.get(object, range, options)

        return found == null ? undefined : readFound(object, found, range, options, maxRead)
      }

      return range.length === 0 ? nothing() : retry(read, init.retry, options.signal)
    },

    async stat (object, { signal } = {}) {
      checkName(object)
      const found = await retry(async () => operations.head(object, signal), init.retry, signal)

      return found == null ? undefined : { size: found.size, etag: found.etag }
    },

    async * list (prefix, { signal } = {}) {
      let cursor: string | undefined

      do {
        const from = cursor
        const page = await retry(async () => operations.list(prefix, from, signal), init.retry, signal)
        yield * page.objects.map(({ key }) => key)

        if (page.truncated && page.cursor == null) {
          throw new StoreUnavailableError(`list ${prefix}: the listing is incomplete, but has no cursor to continue`)
        }

        cursor = page.truncated ? page.cursor : undefined
      } while (cursor != null)
    }
  }
}

/** The operations of a binding, each charged to the budget, with errors of this package. */
class R2Operations {
  readonly #bucket: R2BucketLike
  readonly #budget?: Budget

  constructor ({ bucket, budget }: R2StoreInit) {
    this.#bucket = bucket
    this.#budget = budget
  }

  async head (object: string, signal: AbortSignal | undefined): Promise<R2ObjectLike | null> {
    return this.#call('stat', `head ${object}`, signal, async () => this.#bucket.head(object))
  }

  async list (prefix: string, cursor: string | undefined, signal: AbortSignal | undefined): ReturnType<R2BucketLike['list']> {
    return this.#call('list', `list ${prefix}`, signal, async () => this.#bucket.list({ prefix, ...(cursor == null ? {} : { cursor }) }))
  }

  async get (object: string, range: CheckedRead, { ifMatch, signal }: ReadOptions): Promise<R2ObjectLike | null> {
    const { offset, length, ranged } = range

    try {
      return await this.#call('read', `get ${object}`, signal, async () => this.#bucket.get(object, {
        ...(ranged ? { range: length == null ? { offset } : { offset, length } } : {}),
        ...(ifMatch == null ? {} : { onlyIf: { etagMatches: ifMatch } })
      }), late => { discard(late?.body).catch(() => {}) })
    } catch (err) {
      // R2 throws if a range begins beyond the end, but does not reliably say that this is the reason
      const found = ranged && err instanceof StoreUnavailableError ? await this.head(object, signal) : undefined

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

  /** Makes one operation, and abandons it when its signal aborts, since the binding cannot stop it. */
  async #call<T> (kind: RequestKind, what: string, signal: AbortSignal | undefined, operation: () => Promise<T>, late?: (result: T) => void): Promise<T> {
    this.#budget?.spend(kind)

    try {
      return await orAborted(operation(), signal, late)
    } catch (err) {
      signal?.throwIfAborted()
      throw new StoreUnavailableError(`${what}: ${err instanceof Error ? err.message : String(err)}`, { cause: err })
    }
  }
}

/** Reads the body of an object that was found, or discards it. */
async function readFound (object: string, { body, size, etag }: R2ObjectLike, range: CheckedRead, { ifMatch, signal }: ReadOptions, maxRead: number): Promise<ObjectPart> {
  try {
    // an object has no body if its condition failed
    if ((ifMatch != null && etag !== ifMatch) || (body == null && size > 0)) {
      throw new ObjectChangedError(`${object} is ${etag}, not ${ifMatch}`)
    }

    const count = checkSize(object, range, size, maxRead)
    const bytes = (body == null ? undefined : await readInto(body, count, signal)) ?? (await readBody(body ?? null, { length: count, expected: count, max: maxRead, signal })).bytes

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

/** Resolves like `promise`, unless the signal aborts first; a later result is passed to `late`. */
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
