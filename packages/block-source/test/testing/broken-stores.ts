import { httpStore, memoryStore } from '../../src/index.ts'
import type { Fetch, ListingStore, ObjectPart, ReadOptions, RetryOptions } from '../../src/index.ts'
import type { ObjectStoreLaw } from '../../src/testing/index.ts'

/** A store that breaks a law, as real stores have done. */
interface BrokenStore {
  readonly law: ObjectStoreLaw
  readonly what: string
  make (objects: Map<string, Uint8Array>, maxRead: number): ListingStore
}

/** A correct store, except for its reads. */
function reading (read: (object: string, options: ReadOptions, right: ListingStore, objects: Map<string, Uint8Array>) => Promise<ObjectPart | undefined>): BrokenStore['make'] {
  return (objects, maxRead) => {
    const right = memoryStore({ objects, maxRead })

    return { ...right, read: async (object, options = {}) => read(object, options, right, objects) }
  }
}

async function named<T, U> (name: string, promise: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await promise
  } catch (err) {
    if ((err as Error).name === name) {
      return otherwise
    }

    throw err
  }
}

export const BROKEN_STORES: readonly BrokenStore[] = [
  {
    law: 'whole',
    what: 'loses the last byte',
    make: reading(async (object, options, right) => {
      const part = await right.read(object, options)

      return part == null ? part : { ...part, bytes: part.bytes.slice(0, -1) }
    })
  },
  { law: 'ranges', what: 'takes an offset of 0 for none', make: reading(async (object, options, right) => right.read(object, options.offset === 0 ? {} : options)) },
  {
    law: 'cut',
    what: 'fails if a range ends beyond the end of the object',
    make: reading(async (object, options, right, objects) => {
      if ((options.offset ?? 0) + (options.length ?? 0) > (objects.get(object)?.byteLength ?? 0)) {
        throw new Error('out of range')
      }

      return right.read(object, options)
    })
  },
  { law: 'out-of-range', what: 'returns no bytes if a range begins beyond the end of the object', make: reading(async (object, options, right) => named('OutOfRangeError', right.read(object, options), { bytes: new Uint8Array(0) })) },
  {
    law: 'missing',
    what: 'throws if there is no object',
    make: reading(async (object, options, right) => {
      const part = await right.read(object, options)

      if (part == null) {
        throw new Error('not found')
      }

      return part
    })
  },
  { law: 'nothing', what: 'reads a byte instead of none', make: reading(async (object, options, right) => right.read(object, { ...options, length: Math.max(1, options.length ?? Infinity) })) },
  { law: 'empty', what: 'takes an empty object for a missing one', make: reading(async (object, options, right, objects) => objects.get(object)?.byteLength === 0 ? undefined : right.read(object, options)) },
  { law: 'changed', what: 'ignores the requested version', make: reading(async (object, options, right) => right.read(object, { ...options, ifMatch: undefined })) },
  {
    law: 'own-bytes',
    what: 'returns a view of its own memory',
    make: reading(async (object, options, right, objects) => {
      const part = await right.read(object, options)
      const { offset = 0, length = Infinity } = options

      return part == null ? part : { ...part, bytes: objects.get(object)?.subarray(offset, offset + length) ?? part.bytes }
    })
  },
  { law: 'aborts', what: 'ignores its signal', make: reading(async (object, options, right) => right.read(object, { ...options, signal: undefined })) },
  { law: 'names', what: 'takes a name that leads out of it for a missing object', make: reading(async (object, options, right) => named('InvalidNameError', right.read(object, options), undefined)) },
  { law: 'too-large', what: 'has no limit', make: objects => memoryStore({ objects }) },
  {
    law: 'concurrent',
    what: 'lets concurrent reads share one range',
    make (objects, maxRead) {
      const right = memoryStore({ objects, maxRead })
      let range: ReadOptions = {}

      return {
        ...right,
        async read (object, options = {}) {
          range = options
          await Promise.resolve()

          return right.read(object, range)
        }
      }
    }
  },
  {
    law: 'into-buffers',
    what: 'fills some buffers, and leaves the rest',
    make (objects, maxRead) {
      const right = memoryStore({ objects, maxRead })

      return {
        ...right,
        async readInto (object, buffers, options = {}) {
          const part = await right.read(object, { ...options, length: buffers.reduce((sum, { byteLength }) => sum + byteLength, 0) })
          let at = 0

          for (const buffer of buffers) {
            buffer.set(part?.bytes.subarray(at, at + buffer.byteLength) ?? [])
            at += buffer.byteLength
          }

          return part == null ? undefined : { size: part.size ?? 0, etag: part.etag }
        }
      }
    }
  },
  {
    law: 'lists',
    what: 'lists the first page only',
    make (objects, maxRead) {
      const right = memoryStore({ objects, maxRead })

      return {
        ...right,
        async * list (prefix, options) {
          let left = 1000

          for await (const name of right.list(prefix, options)) {
            if (left-- > 0) {
              yield name
            }
          }
        }
      }
    }
  }
]

/** A store over HTTP that breaks a law of such stores. */
interface BrokenHttpStore {
  readonly law: ObjectStoreLaw
  readonly what: string
  make (url: string, fetch: Fetch, retry: RetryOptions): ReturnType<typeof httpStore>
}

/** A correct store that sees changed responses. */
function seeing (change: (response: Response, request: Request) => Response): BrokenHttpStore['make'] {
  return (url, fetch, retry) => httpStore({ url, retry, fetch: async request => change(await fetch(request), request) })
}

function without (...names: string[]): BrokenHttpStore['make'] {
  return seeing(({ status, headers, body }) => {
    const left = new Headers(headers)

    for (const name of names) {
      left.delete(name)
    }

    return new Response(body, { status, headers: left })
  })
}

/** A correct store, except that an error with this name becomes absence. */
function hiding (name: string): BrokenHttpStore['make'] {
  return (url, fetch, retry) => {
    const right = httpStore({ url, fetch, retry })

    return { ...right, read: async (object, options) => named(name, right.read(object, options), undefined) }
  }
}

export const BROKEN_HTTP_STORES: readonly BrokenHttpStore[] = [
  { law: 'retries', what: 'tries once', make: (url, fetch) => httpStore({ url, fetch, retry: false }) },
  { law: 'gives-up', what: 'takes a failure for absence', make: hiding('StoreUnavailableError') },
  { law: 'retry-after', what: 'ignores the delay that the server asks for', make: without('retry-after') },
  { law: 'truncated', what: 'ignores how many bytes were announced', make: without('content-length', 'content-range') },
  {
    law: 'whole-for-range',
    what: 'takes the beginning of an object for the range',
    make: seeing((response, request) => response.status === 200 && request.headers.has('range') ? new Response(response.body, { status: 206 }) : response)
  },
  { law: 'wrong-range', what: 'ignores which range and version it gets', make: without('content-range', 'etag') },
  { law: 'redirects', what: 'takes a redirect for absence', make: seeing(response => response.status >= 300 && response.status < 400 ? new Response(response.body, { status: 404 }) : response) },
  { law: 'refused', what: 'takes a refusal for absence', make: hiding('StoreRefusedError') },
  {
    law: 'stops-body',
    what: 'ignores its signal',
    make (url, fetch, retry) {
      const right = httpStore({ url, fetch, retry })

      return { ...right, read: async (object, options) => right.read(object, { ...options, signal: undefined }) }
    }
  }
]
